using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Pauses sandboxes, brings them back and waits for the end of either, within bounds. Who goes away while waiting undoes
/// nothing.
/// </summary>
internal sealed class SandboxLifecycle(SandboxDirectory directory, TimeProvider time, ControlOptions options)
{
    // What was cancelled at its bound needs some time to undo what it did.
    private static readonly TimeSpan UndoAllowance = TimeSpan.FromSeconds(30);

    public TimeSpan LaunchWait => options.LaunchTimeout + UndoAllowance;

    public TimeSpan ResumeWait => options.LaunchQueueTimeout + options.LaunchTimeout + UndoAllowance;

    public TimeSpan CaptureWait => options.LaunchQueueTimeout + options.CaptureTimeout + UndoAllowance;

    public async Task<Sandbox> PauseAsync(SandboxId id, string by, bool wait, CancellationToken cancellation)
    {
        Answer answer = await directory.AskForPassageAsync(id, new SandboxCommand.Pause(ImageId.New(time.Now())), by, cancellation);
        return wait ? await PassAsync(answer, SandboxState.Paused, CaptureWait, cancellation) : answer.Sandbox;
    }

    public async Task<Sandbox> ResumeAsync(SandboxId id, TimeSpan? timeout, string by, bool wait, CancellationToken cancellation)
    {
        Answer answer = await directory.AskForPassageAsync(id, new SandboxCommand.Resume(timeout), by, cancellation);
        return wait ? await PassAsync(answer, SandboxState.Running, ResumeWait, cancellation) : answer.Sandbox;
    }

    /// <summary>Writes an image of a running sandbox, which goes on, and waits until it is complete.</summary>
    public async Task CaptureAsync(SandboxId id, ImageId image, string by, CancellationToken cancellation)
    {
        Answer answer = await directory.AskForPassageAsync(id, new SandboxCommand.Capture(image), by, cancellation);
        await PassAsync(answer, SandboxState.Running, CaptureWait, cancellation);
    }

    public async Task<Sandbox> ConnectAsync(SandboxId id, SandboxCommand.Connect connect, string by, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(CaptureWait + ResumeWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            while (true)
            {
                try
                {
                    await SettleAsync(id, by, either.Token);
                    Answer answer = await directory.AskForPassageAsync(id, connect, by, either.Token);
                    return await PassAsync(answer, SandboxState.Running, ResumeWait, either.Token);
                }
                catch (FaultException e) when (e.Fault.Code is FaultCode.WrongState && CanBeConnectedTo(id))
                {
                    // Somebody was first, to pause it or to fork it; what is possible now is seen by looking again.
                }
            }
        }
        catch (OperationCanceledException e) when (bound.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new FaultException(StillOn(id), e);
        }
    }

    /// <summary>Waits, within bounds, until nobody takes an image of the sandbox.</summary>
    public async Task WaitForCaptureAsync(SandboxId id, CancellationToken cancellation)
    {
        while (IsBeingCaptured(id))
        {
            await directory.PassAsync(id, cancellation).WaitAsync(CaptureWait, time, cancellation);
        }
    }

    /// <summary>The record at the end of the state that a command led to.</summary>
    /// <exception cref="FaultException">It did not become what it should have, or not in time.</exception>
    private async Task<Sandbox> PassAsync(Answer answer, SandboxState wanted, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            Outcome outcome = answer.Passage is { } passage ? await passage.WaitAsync(limit, time, cancellation) : new Outcome(answer.Sandbox, null);
            return outcome.Sandbox.State == wanted && outcome.Why is null ? outcome.Sandbox : throw Failure(outcome).AsException();
        }
        catch (TimeoutException e)
        {
            throw new FaultException(StillOn(answer.Sandbox.Id), e);
        }
    }

    // One whose time is up and that is to be paused then is as good as pausing.
    private async Task SettleAsync(SandboxId id, string by, CancellationToken cancellation)
    {
        if (directory.Read(id) is { State: SandboxState.Running, AutoPause: true } sandbox && sandbox.ExpiresAt <= time.GetUtcNow())
        {
            try
            {
                await directory.AskAsync(id, new SandboxCommand.Expire(), by, cancellation);
            }
            catch (FaultException e) when (e.Fault.Code is FaultCode.WrongState)
            {
                // It is being paused already, or was given more time; or its pause fails, and then so does what follows.
            }
        }

        await WaitForCaptureAsync(id, cancellation);
    }

    private bool IsBeingCaptured(SandboxId id) => directory.Read(id)?.State is SandboxState.Pausing or SandboxState.Forking;

    private bool CanBeConnectedTo(SandboxId id) =>
        directory.Read(id) is { State: SandboxState.Running or SandboxState.Pausing or SandboxState.Paused or SandboxState.Resuming or SandboxState.Forking } sandbox
        && !(sandbox.ExpiresAt <= time.GetUtcNow());

    private static Fault Failure(Outcome outcome) => outcome.Why ?? new Fault(
        FaultCode.WrongState,
        outcome.Sandbox.Reason.Length > 0
            ? $"the sandbox is {Word(outcome.Sandbox)}: {outcome.Sandbox.Reason}"
            : $"the sandbox is {Word(outcome.Sandbox)}, by another request");

    private Fault StillOn(SandboxId id) => new(
        FaultCode.Timeout, directory.Read(id) is { } sandbox ? $"sandbox '{id}' is still {Word(sandbox)}: ask for its status" : $"sandbox '{id}' is gone");

    private static string Word(Sandbox sandbox) => sandbox.State.ToString().ToLowerInvariant();
}
