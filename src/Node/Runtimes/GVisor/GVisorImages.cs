using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Node.Images;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Images of sandboxes in gVisor: checkpoints, each in a directory of its own with a manifest.
/// <code>
///   agent link closed -> cut off -> checkpoint -+-> stands still: frozen ----------+-> digests, manifest, fsync, rename
///        ^                  ^           x fails |                                  |
///        |                  |           |       +-> goes on: joined, dialled again +
///        +---- resumed -----+-- joined -+
/// </code>
/// </summary>
internal sealed partial class GVisorImages(
    ImageStore store, LaunchJournal journal, Runsc runsc, NetworkSlots slots, DiskImages disks, SandboxCgroups cgroups, LaunchFaults faults,
    TimeProvider time, ILogger<GVisorImages> log) : IImages
{
    /// <summary>Bytes of the machine's disk that no image may take.</summary>
    private const long Reserve = 1L << 30;

    /// <summary>What a checkpoint has besides the sandbox's memory and disk, at the most.</summary>
    private const long Overhead = 32L << 20;

    /// <summary>Bytes that the slowest disk writes or reads in a second.</summary>
    private const long SlowestDisk = 20L << 20;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly ConditionalWeakTable<RunningSandbox, SemaphoreSlim> _turns = [];

    /// <summary>How long runsc may take over an image of that many bytes.</summary>
    public static TimeSpan LimitFor(long bytes) => s_limit + TimeSpan.FromSeconds(bytes / SlowestDisk);

    public async Task<SandboxImage> CaptureAsync(
        SandboxId id, RunningSandbox running, ImageId image, AfterCapture after, CancellationToken cancellation)
    {
        SemaphoreSlim turn = _turns.GetValue(running, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellation);
        try
        {
            if (store.Find(image) is { } there && there.Source == id)
            {
                return ImageStore.Describe(there);
            }

            return await CaptureNowAsync(id, (AgentSession)running.Agent, image, after, cancellation);
        }
        finally
        {
            turn.Release();
        }
    }

    public SandboxImage? Find(ImageId image) => store.Find(image) is { } manifest ? ImageStore.Describe(manifest) : null;

    public IReadOnlyList<ImageId> List() => store.List();

    public Task RemoveAsync(ImageId image, CancellationToken cancellation) => DedicatedThread.RunAsync(() =>
    {
        store.Remove(image);
        return true;
    });

    private async Task<SandboxImage> CaptureNowAsync(
        SandboxId id, AgentSession session, ImageId image, AfterCapture after, CancellationToken cancellation)
    {
        if (journal.Load(id) is not { NetworkSlot: { } index, Resources: { } resources, Template: not null, Agent: not null } record)
        {
            throw NotCapturable("it was started by an earlier version of the server");
        }

        NetworkSlot slot = slots.At(index, record.AllowInternetAccess);
        ImageManifest manifest = await DescribeAsync(record, resources, image, cancellation);
        RequireRoom(manifest);
        bool goesOn = false;
        try
        {
            string directory = store.Begin(image);
            await session.SuspendAsync(cancellation);
            await slots.CutAsync(slot);
            faults.Reach("before:checkpoint");
            await CheckpointAsync(id, directory, manifest, cancellation);
            manifest = manifest with { TakenAt = time.GetUtcNow() };
            if (after == AfterCapture.StandStill)
            {
                await cgroups.FreezerOf(id).FreezeAsync();
            }
            else
            {
                await GoOnAsync(id, session, slot);
                goesOn = true;
            }

            faults.Reach("after:checkpoint");
            return ImageStore.Describe(await store.CompleteAsync(manifest, cancellation));
        }
        catch (Exception e)
        {
            if (!goesOn)
            {
                await GoOnAsync(id, session, slot);
            }

            Discard(image);
            throw IsFull(e) ? NoRoom(e) : e;
        }
    }

    private async Task<ImageManifest> DescribeAsync(
        LaunchRecord record, SandboxResources resources, ImageId image, CancellationToken cancellation)
    {
        CgroupUsage usage = cgroups.Usage(record.Id);
        return new ImageManifest
        {
            Format = ImageManifest.CurrentFormat,
            Id = image,
            Source = record.Id,
            Runtime = await RuntimeAsync(cancellation),
            Template = record.Template!,
            Agent = record.Agent!,
            Resources = resources,
            MemoryBytes = Math.Min(usage.MemoryUsed, (long)resources.MemoryMb << 20),
            DiskBytes = disks.Usage(record.Id).Used,
            TakenAt = time.GetUtcNow(),
        };
    }

    /// <summary>What only the same can restore: the driver and the exact version of its runtime.</summary>
    public async Task<string> RuntimeAsync(CancellationToken cancellation) => $"gvisor, {await runsc.VersionAsync(cancellation)}";

    private async Task CheckpointAsync(SandboxId id, string directory, ImageManifest manifest, CancellationToken cancellation)
    {
        // One that stands still since an earlier image cannot be written as it is. Its link stays down.
        cgroups.FreezerOf(id).Thaw();
        try
        {
            await runsc.CheckpointAsync(id, directory, LimitFor(manifest.MemoryBytes + manifest.DiskBytes), cancellation);
        }
        catch (IOException e)
        {
            LogRefused(e, id);

            // What runsc says when it cannot write is of no use.
            bool full = store.FreeBytes + SizeOf(directory) < Needed(manifest);
            throw full ? NoRoom(e) : NotCapturable(CheckpointRefusal.Explain(e.Message), e);
        }
    }

    // Undoes whatever of it was done; the sandbox may have ended, or be about to be removed.
    private async Task GoOnAsync(SandboxId id, AgentSession session, NetworkSlot slot)
    {
        try
        {
            cgroups.FreezerOf(id).Thaw();
            if (journal.Load(id)?.NetworkSlot == slot.Index)
            {
                await slots.JoinAsync(slot);
            }
        }
        catch (IOException e)
        {
            LogNotLetGo(e, id);
        }

        session.Resume();
    }

    private void Discard(ImageId image)
    {
        try
        {
            store.Remove(image);
        }
        catch (IOException e)
        {
            // It is not found, and the reconciler tries again.
            LogNotDiscarded(e, image);
        }
    }

    private void RequireRoom(ImageManifest manifest)
    {
        if (store.FreeBytes - Reserve < Needed(manifest))
        {
            throw NoRoom(null);
        }
    }

    private static long Needed(ImageManifest manifest) => manifest.MemoryBytes + manifest.DiskBytes + Overhead;

    private static long SizeOf(string directory) => new DirectoryInfo(directory).EnumerateFiles().Sum(file => file.Length);

    private static bool IsFull(Exception e) =>
        e is SyscallException { Error: Errno.ENOSPC } || (e is IOException && (e.HResult & 0xFFFF) == (int)Errno.ENOSPC);

    private static FaultException NoRoom(Exception? cause) => new(
        new Fault(FaultCode.NoCapacity, "the server's disk has no room for the memory and files of this sandbox: delete snapshots or sandboxes, or free space"), cause);

    private static FaultException NotCapturable(string why, Exception? cause = null) =>
        new(new Fault(FaultCode.NotCapturable, $"the sandbox cannot be written to an image now: {why}"), cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: runsc did not write it to an image")]
    private partial void LogRefused(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: it stays cut off or stands still, after its image was written or failed")]
    private partial void LogNotLetGo(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {Image} failed and something of it is left")]
    private partial void LogNotDiscarded(Exception e, ImageId image);
}
