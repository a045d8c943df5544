using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Makes the node do what an actor decided, beside its mailbox, and reports the outcome as a command. Of launch and
/// clean at most one touches the node at any time: a clean first cancels the launch and waits for its end.
/// </summary>
internal sealed partial class SandboxEffects(Sandbox sandbox, ActorContext context, Func<SandboxCommand, string, Task> tell)
{
    private const string FromNode = "node";
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _abandon = new();
    private Task _launch = Task.CompletedTask;
    private Task _clean = Task.CompletedTask;
    private SandboxPhase _reached;

    public Task LaunchEnded => _launch;

    public void Launch() => _launch = Task.Run(LaunchAsync);

    public void Clean()
    {
        _abandon.Cancel();
        if (_clean.IsCompleted)
        {
            _clean = Task.Run(CleanAsync);
        }
    }

    /// <summary>Does something again after the first retry's wait, unless the server stops before.</summary>
    public void Later(Func<Task> again) => _ = Task.Run(async () =>
    {
        if (await PauseAsync(FirstRetry))
        {
            await again();
        }
    });

    private async Task LaunchAsync()
    {
        SandboxCommand outcome;
        try
        {
            await TakeTurnAsync();
            try
            {
                await LaunchInTimeAsync();
            }
            finally
            {
                context.Turns.Release();
            }

            outcome = new SandboxCommand.Started();
        }
        catch (Exception e)
        {
            string reason = Why(e);
            LogLaunchFailed(context.Log, e, sandbox.Id, reason);
            outcome = new SandboxCommand.Lost(reason, e is FaultException { Fault: { Code: FaultCode.NoCapacity } fault } ? fault : null);
        }

        await tell(outcome, FromNode);
    }

    private async Task TakeTurnAsync()
    {
        using var bound = new CancellationTokenSource(context.Options.LaunchQueueTimeout, context.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, _abandon.Token, context.Stopping);
        try
        {
            await context.Turns.WaitAsync(any.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            throw new Fault(FaultCode.NoCapacity, "too many sandboxes are being started at the moment: try again later").AsException();
        }
    }

    private async Task LaunchInTimeAsync()
    {
        using var bound = new CancellationTokenSource(context.Options.LaunchTimeout, context.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, _abandon.Token, context.Stopping);
        try
        {
            var request = new LaunchRequest(
                sandbox.Id, sandbox.Id.Value, sandbox.Template, sandbox.Resources, sandbox.Environment, sandbox.AllowInternetAccess)
            {
                Start = context.Templates.Find(sandbox.Template.Value)?.Start ?? [],
            };
            await context.Node.LaunchAsync(request, ReportStep, any.Token);
        }
        catch (OperationCanceledException e) when (bound.IsCancellationRequested && !_abandon.IsCancellationRequested)
        {
            throw new FaultException(
                new Fault(FaultCode.Timeout, $"did not start within {context.Options.LaunchTimeout.TotalSeconds:0.###} s"), e);
        }
    }

    private void ReportStep(SandboxPhase phase)
    {
        _reached = phase;
        _ = tell(new SandboxCommand.Progress(phase), FromNode);
    }

    // Tenants read it: nothing of the host's insides may be in it.
    private string Why(Exception e) => e switch
    {
        OperationCanceledException when context.Stopping.IsCancellationRequested => "the server stopped while it was starting",
        OperationCanceledException when _abandon.IsCancellationRequested => "was terminated while it was starting",
        FaultException fault => fault.Fault.Message,
        _ => $"the node could not start it (phase {_reached}); the operator's log has the details",
    };

    private async Task CleanAsync()
    {
        await _launch;
        TimeSpan wait = FirstRetry;
        while (!await TryCleanAsync())
        {
            if (!await PauseAsync(wait))
            {
                return;
            }

            wait = wait * 2 < LastRetry ? wait * 2 : LastRetry;
        }

        await tell(new SandboxCommand.Cleaned(), FromNode);
    }

    private async Task<bool> TryCleanAsync()
    {
        try
        {
            using var bound = new CancellationTokenSource(context.Options.NodeTimeout, context.Time);
            await context.Node.CleanAsync(sandbox.Id, bound.Token);
            return true;
        }
        catch (Exception e)
        {
            LogCleanFailed(context.Log, e, sandbox.Id);
            return false;
        }
    }

    /// <summary>False when the server stops.</summary>
    private async Task<bool> PauseAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, context.Time, context.Stopping);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} did not start: {Reason}")]
    private static partial void LogLaunchFailed(ILogger log, Exception e, SandboxId sandbox, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: its node could not be cleaned; trying again")]
    private static partial void LogCleanFailed(ILogger log, Exception e, SandboxId sandbox);
}
