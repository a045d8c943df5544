using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>Calls the node for one sandbox: in turn with all others where it costs much, within bounds, with failures put so that its user may read them.</summary>
internal sealed partial class NodeCalls(SandboxId id, ActorContext context)
{
    private SandboxPhase _reached;

    /// <param name="from">The image to restore; null to boot the template.</param>
    /// <param name="progress">Told of every step.</param>
    public Task LaunchAsync(Sandbox sandbox, ImageId? from, Action<SandboxPhase> progress, CancellationToken abandon) =>
        InTurnAsync(context.Options.LaunchTimeout, from is null || from == sandbox.Source ? "start" : "resume", abandon, token => context.Node.LaunchAsync(
            LaunchRequests.Of(sandbox, context.Templates.Find(sandbox.Template.Value), from),
            phase =>
            {
                _reached = phase;
                progress(phase);
            },
            token));

    public Task CaptureAsync(ImageId image, AfterCapture after, CancellationToken abandon) =>
        InTurnAsync(context.Options.CaptureTimeout, "get an image", abandon, async token =>
        {
            await context.Node.CaptureAsync(id, image, after, token);
            context.Images.Changed();
        });

    /// <summary>Bounded; false when something may be left.</summary>
    public async Task<bool> TryCleanAsync()
    {
        try
        {
            using var bound = new CancellationTokenSource(context.Options.NodeTimeout, context.Time);
            await context.Node.CleanAsync(id, bound.Token);
            return true;
        }
        catch (Exception e)
        {
            LogCleanFailed(context.Log, e, id);
            return false;
        }
    }

    /// <summary>Tenants read it: nothing of the host's insides may be in it.</summary>
    /// <param name="doing">Such as <c>starting</c>.</param>
    public Fault Explain(Exception e, string doing, CancellationToken abandon)
    {
        Fault fault = e switch
        {
            OperationCanceledException when context.Stopping.IsCancellationRequested =>
                new Fault(FaultCode.AgentUnavailable, $"the server stopped while it was {doing}"),
            OperationCanceledException when abandon.IsCancellationRequested => new Fault(FaultCode.WrongState, $"was terminated while it was {doing}"),
            FaultException known => known.Fault,
            _ => new Fault(FaultCode.Internal, doing == "starting"
                ? $"the node could not start it (phase {_reached}); the operator's log has the details"
                : "the node could not do it; the operator's log has the details"),
        };
        LogFailed(context.Log, e, id, doing, fault.Message);
        return fault;
    }

    private async Task InTurnAsync(TimeSpan limit, string aim, CancellationToken abandon, Func<CancellationToken, Task> work)
    {
        await TakeTurnAsync(abandon);
        try
        {
            using var bound = new CancellationTokenSource(limit, context.Time);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, abandon, context.Stopping);
            try
            {
                await work(any.Token);
            }
            catch (OperationCanceledException e) when (bound.IsCancellationRequested && !abandon.IsCancellationRequested)
            {
                throw new FaultException(new Fault(FaultCode.Timeout, $"did not {aim} within {limit.TotalSeconds:0.###} s"), e);
            }
        }
        finally
        {
            context.Turns.Release();
        }
    }

    private async Task TakeTurnAsync(CancellationToken abandon)
    {
        using var bound = new CancellationTokenSource(context.Options.LaunchQueueTimeout, context.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, abandon, context.Stopping);
        try
        {
            await context.Turns.WaitAsync(any.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            throw new Fault(FaultCode.NoCapacity, "too many sandboxes are being started or paused at the moment: try again later").AsException();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} failed while {Doing}: {Reason}")]
    private static partial void LogFailed(ILogger log, Exception e, SandboxId sandbox, string doing, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: its node could not be cleaned; trying again")]
    private static partial void LogCleanFailed(ILogger log, Exception e, SandboxId sandbox);
}
