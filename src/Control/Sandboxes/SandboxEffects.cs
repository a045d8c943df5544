using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Makes the node do what an actor decided, beside its mailbox, and reports the outcome as a command. At most one thing
/// touches the node at any time: each waits for the end of the one before, and a clean first cancels that.
/// <code>
///   Launch:  launch -> Started | Lost
///   Pause:   capture, then clean until nothing is left -> Captured | (no image) CaptureFailed
///   Restore: clean, launch from the image -> Started | ResumeFailed
///   Capture: capture -> Captured | CaptureFailed
///   Clean:   clean until nothing is left -> Cleaned
/// </code>
/// </summary>
internal sealed class SandboxEffects(SandboxId id, ActorContext context, Func<SandboxCommand, string, Task> tell)
{
    private const string FromNode = "node";
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);

    private readonly NodeCalls _node = new(id, context);
    private CancellationTokenSource _abandon = new();
    private Task _work = Task.CompletedTask;
    private Task _clean = Task.CompletedTask;

    /// <summary>Completes when no launch, capture or restore is under way.</summary>
    public Task WorkEnded => _work;

    public void Launch(Sandbox sandbox) => Begin(abandon => LaunchAsync(sandbox, abandon));

    public void Pause(Sandbox sandbox) => Begin(abandon => PauseAsync(sandbox, abandon));

    /// <summary>The rest of a pause whose image is complete.</summary>
    public void FinishPause() => Begin(FinishPauseAsync);

    public void Restore(Sandbox sandbox) => Begin(abandon => RestoreAsync(sandbox, abandon));

    public void Capture(Sandbox sandbox) => Begin(abandon => CaptureAsync(sandbox, abandon));

    public void Clean()
    {
        _abandon.Cancel();
        if (_clean.IsCompleted)
        {
            Task before = _work;
            _clean = Task.Run(() => CleanAsync(before));
        }
    }

    /// <summary>Does something again after the first retry's wait, unless the server stops before.</summary>
    public void Later(Func<Task> again) => _ = Task.Run(async () =>
    {
        if (await WaitAsync(FirstRetry, CancellationToken.None))
        {
            await again();
        }
    });

    private void Begin(Func<CancellationToken, Task<SandboxCommand?>> work)
    {
        Task before = Task.WhenAll(_work, _clean);
        CancellationTokenSource abandon = _abandon = new CancellationTokenSource();
        _work = Task.Run(async () =>
        {
            await before;
            if (await work(abandon.Token) is { } outcome)
            {
                await tell(outcome, FromNode);
            }
        });
    }

    private async Task<SandboxCommand?> LaunchAsync(Sandbox sandbox, CancellationToken abandon)
    {
        try
        {
            await _node.LaunchAsync(sandbox, sandbox.Source, ReportStep, abandon);
            return new SandboxCommand.Started();
        }
        catch (Exception e)
        {
            Fault why = _node.Explain(e, "starting", abandon);
            return new SandboxCommand.Lost(why.Message, why.Code is FaultCode.NoCapacity ? why : null);
        }
    }

    private async Task<SandboxCommand?> PauseAsync(Sandbox sandbox, CancellationToken abandon)
    {
        try
        {
            await _node.CaptureAsync(sandbox.Image!.Value, AfterCapture.StandStill, abandon);
        }
        catch (Exception e)
        {
            return new SandboxCommand.CaptureFailed(_node.Explain(e, "being paused", abandon));
        }

        return await FinishPauseAsync(abandon);
    }

    // From here on there is no way back: the image is all that counts.
    private async Task<SandboxCommand?> FinishPauseAsync(CancellationToken abandon) =>
        await CleanUntilDoneAsync(abandon) ? new SandboxCommand.Captured() : null;

    private async Task<SandboxCommand?> RestoreAsync(Sandbox sandbox, CancellationToken abandon)
    {
        try
        {
            if (!await _node.TryCleanAsync())
            {
                throw new Fault(FaultCode.NoCapacity, "what is left of it on its node could not be removed yet: try again later").AsException();
            }

            await _node.LaunchAsync(sandbox, sandbox.Image, ReportStep, abandon);
            return new SandboxCommand.Started();
        }
        catch (Exception e)
        {
            return new SandboxCommand.ResumeFailed(_node.Explain(e, "being resumed", abandon));
        }
    }

    private async Task<SandboxCommand?> CaptureAsync(Sandbox sandbox, CancellationToken abandon)
    {
        try
        {
            await _node.CaptureAsync(sandbox.Image!.Value, AfterCapture.GoOn, abandon);
            return new SandboxCommand.Captured();
        }
        catch (Exception e)
        {
            return new SandboxCommand.CaptureFailed(_node.Explain(e, "being captured", abandon));
        }
    }

    private void ReportStep(SandboxPhase phase) => _ = tell(new SandboxCommand.Progress(phase), FromNode);

    private async Task CleanAsync(Task before)
    {
        await before;
        if (await CleanUntilDoneAsync(CancellationToken.None))
        {
            await tell(new SandboxCommand.Cleaned(), FromNode);
        }
    }

    /// <summary>False when it was abandoned or the server stops.</summary>
    private async Task<bool> CleanUntilDoneAsync(CancellationToken abandon)
    {
        TimeSpan wait = FirstRetry;
        while (!abandon.IsCancellationRequested)
        {
            if (await _node.TryCleanAsync())
            {
                return true;
            }

            if (!await WaitAsync(wait, abandon))
            {
                return false;
            }

            wait = wait * 2 < LastRetry ? wait * 2 : LastRetry;
        }

        return false;
    }

    /// <summary>False when it was abandoned or the server stops.</summary>
    private async Task<bool> WaitAsync(TimeSpan wait, CancellationToken abandon)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(abandon, context.Stopping);
        try
        {
            await Task.Delay(wait, context.Time, either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
