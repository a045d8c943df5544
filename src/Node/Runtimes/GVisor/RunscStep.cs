using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Images;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Starts runsc on the bundle, or restores an image in it. Undoing it kills the cgroup, which ends every process of the sandbox.</summary>
internal sealed class RunscStep(Runsc runsc, NetworkSlots slots, DiskImages disks, SandboxCgroups cgroups, IAgentSecrets secrets) : ILaunchStep
{
    public string Name => "runtime";

    public SandboxPhase Phase => SandboxPhase.Deploying;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        SandboxId id = context.Request.Id;
        int pid = context.Image is { } image
            ? await RestoreAsync(context, image, cancellation)
            : await runsc.StartAsync(id, disks.MountPathOf(id), secrets.For(id), cancellation);
        long ticks = ProcessStat.TryRead(pid)?.StartTicks ?? throw new IOException("the sandbox ended as soon as it had started");
        context.Remember(record => record with { RuntimePid = pid, RuntimeStartTicks = ticks });
        LetGuestsDieFirst(id);
    }

    // Beside the check of its bytes: until that is done nothing of the sandbox can be seen, nor can it see anything.
    private async Task<int> RestoreAsync(LaunchContext context, RestoredImage image, CancellationToken cancellation)
    {
        SandboxId id = context.Request.Id;
        NetworkSlot slot = slots.At(context.Record.NetworkSlot!.Value, context.Request.AllowInternetAccess);
        await slots.CutAsync(slot);
        try
        {
            int pid = await runsc.RestoreAsync(
                id, disks.MountPathOf(id), image.Directory, GVisorImages.LimitFor(image.Manifest.Files.Sum(file => file.Length)), cancellation);
            await image.Verified;
            await slots.JoinAsync(slot);
            return pid;
        }
        catch (IOException e)
        {
            await image.Verified.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            string why = image.Verified.Exception?.InnerException?.Message ?? "the runtime refuses it";
            throw ImageStep.Incompatible(image.Manifest.Id, why, e);
        }
    }

    public Task UndoAsync(JournaledRecord record) => cgroups.KillAsync(record.Id);

    // The guest's processes are stubs without a command line, forked from those that are there now. When memory runs
    // out, one of them is to go, which is what the guest expects of a kernel, and not the guest's kernel itself.
    private void LetGuestsDieFirst(SandboxId id)
    {
        foreach (int pid in cgroups.Pids(id).Where(IsStub))
        {
            OutOfMemory.SetScore(pid, OutOfMemory.First);
        }
    }

    private static bool IsStub(int pid)
    {
        try
        {
            using FileStream commandLine = File.OpenRead($"/proc/{pid}/cmdline");
            return commandLine.ReadByte() < 0;
        }
        catch (IOException)
        {
            // It has ended.
            return false;
        }
    }
}
