using Atoll.Control.Sandboxes;
using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Recovery;

/// <summary>
/// Makes the node and the store agree: wakes every sandbox that has something left to do, expires those that are
/// overdue, loses those that the node does not run any more and those whose image is gone, cleans off the node what no
/// unfinished sandbox owns and the images that nothing refers to,
/// forgets records that have been over for long.
/// Takes no input and may run at any moment.
/// </summary>
internal sealed partial class Reconciler(
    SandboxStore store, SandboxDirectory directory, ImageReferences images, INode node, TimeProvider time, ControlOptions options, ILogger<Reconciler> log)
{
    // The wheel expires them within a second; this catches only what it lost.
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(2);
    private const int ForgottenAtOnce = 500;

    public async Task RunAsync(CancellationToken cancellation)
    {
        // The node first: what it lists and the store then does not know cannot be a launch that just began.
        IReadOnlyList<SandboxId> onNode = await node.ListAsync(cancellation);
        IReadOnlyList<ImageId> imagesOnNode = node.ListImages();
        foreach (Sandbox sandbox in store.Unfinished())
        {
            if (sandbox.ExpiresAt + Overdue < time.GetUtcNow())
            {
                directory.Tell(sandbox.Id, new SandboxCommand.Expire(), "reconciler");
            }
            else if (!directory.IsAwake(sandbox.Id))
            {
                directory.Wake(sandbox.Id);
            }

            if (IsAsBefore(sandbox))
            {
                await CheckAsync(sandbox, cancellation);
            }

            if (sandbox is { State: SandboxState.Paused, Image: { } image } && node.FindImage(image) is null)
            {
                // Refused by the actor when it was resumed in the meantime.
                directory.Tell(sandbox.Id, new SandboxCommand.ImageLost(image, StartRecovery.ImageIsLost), "reconciler");
            }
        }

        foreach (SandboxId id in onNode)
        {
            await SweepAsync(id, cancellation);
        }

        foreach (ImageId image in imagesOnNode)
        {
            if (await images.RemoveUnusedAsync(image, cancellation))
            {
                LogOrphanImage(image);
            }
        }

        // One that is awake is being cleaned off its node still.
        foreach (SandboxId old in store.OverBefore(time.GetUtcNow() - options.KeepFinished, ForgottenAtOnce).Where(id => !directory.IsAwake(id)))
        {
            await store.RemoveAsync(old, "reconciler", time.Now());
        }
    }

    /// <summary>The node reports ends by itself; this catches a report that got lost. Costs nothing while the sandbox runs.</summary>
    private async Task CheckAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        SandboxId id = sandbox.Id;
        using var bound = new CancellationTokenSource(options.NodeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            if (await node.AdoptAsync(id, either.Token) is { } problem && IsAsBefore(sandbox))
            {
                // Refused by the actor when the sandbox was ended in the meantime.
                directory.Tell(id, new SandboxCommand.Lost($"ended, and the node noticed late: {problem}"), "reconciler");
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogUnchecked(e, id);
        }
    }

    // One that was paused and resumed since it was listed is another matter.
    private bool IsAsBefore(Sandbox listed) =>
        listed.State is SandboxState.Running && directory.Read(listed.Id) is { State: SandboxState.Running } now && now.StartedAt == listed.StartedAt;

    private async Task SweepAsync(SandboxId id, CancellationToken cancellation)
    {
        // One that is awake cleans up after itself.
        if (directory.IsAwake(id))
        {
            if (directory.Read(id)?.State is SandboxState.Paused or SandboxState.Terminating)
            {
                directory.Tell(id, new SandboxCommand.Sweep(), "reconciler");
            }

            return;
        }

        if (store.Find(id) is { } sandbox)
        {
            // An actor that wakes to a sandbox that is over cleans its node.
            directory.Wake(sandbox.Id);
            return;
        }

        try
        {
            using var bound = new CancellationTokenSource(options.NodeTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
            await node.CleanAsync(id, either.Token);
            LogOrphan(id);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogOrphanStays(e, id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} was on the node and nowhere in the store: removed")]
    private partial void LogOrphan(SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Warning, Message = "image {Image} was on the node and nothing refers to it: removed")]
    private partial void LogOrphanImage(ImageId image);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: the node did not say whether it still runs; it is asked again later")]
    private partial void LogUnchecked(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox} is on the node and nowhere in the store, and could not be removed")]
    private partial void LogOrphanStays(Exception e, SandboxId sandbox);
}
