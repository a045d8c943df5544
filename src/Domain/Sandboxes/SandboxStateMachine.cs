namespace Atoll.Domain.Sandboxes;

/// <summary>What a sandbox's actor must make the node do after a transition is stored.</summary>
public enum SandboxEffect
{
    None,

    /// <summary>Bring it up.</summary>
    Launch,

    /// <summary>Take down whatever exists of it; safe to repeat.</summary>
    Clean,

    /// <summary>Remove the record.</summary>
    Forget,

    /// <summary>Write its image, then take it down.</summary>
    Pause,

    /// <summary>Bring it back from its image.</summary>
    Restore,

    /// <summary>Write an image of it beside its life.</summary>
    Capture,
}

/// <summary>The answer to a command: the next state and what to do about it, or the fault that refuses it.</summary>
/// <param name="Next">The state after the command; the old one when it is refused or changes nothing.</param>
/// <param name="Effect">What to do once <paramref name="Next"/> is stored.</param>
/// <param name="Refusal">Why not; null when the command is accepted.</param>
public readonly record struct Decision(SandboxState Next, SandboxEffect Effect, Fault? Refusal)
{
    public bool Accepted => Refusal is null;
}

/// <summary>Decides, without any I/O, what a command does to a sandbox in a given state.</summary>
/// <remarks>
/// <code>
///   Created --Start--> Starting --Started--> Running
///                          |                    |
///                          +------- Lost -------+--> Failed
///   Running --Pause--> Pausing --Captured--> Paused --Resume/Connect--> Resuming --Started--> Running
///                         +--CaptureFailed--> Running                       +--ResumeFailed/Lost--> Paused
///   Running --Capture--> Forking --Captured/CaptureFailed--> Running
///   any but final --Terminate/Expire/Delete--> Terminating --Cleaned--> Terminated
/// </code>
/// A sandbox that fails keeps its record; cleaning after a failure is an effect, not a state.
/// </remarks>
public static class SandboxStateMachine
{
    public static Decision Decide(SandboxState state, SandboxCommand command) => command switch
    {
        SandboxCommand.Start => state is SandboxState.Created
            ? To(SandboxState.Starting, SandboxEffect.Launch)
            : Refuse(state, "started"),
        SandboxCommand.Progress => state is SandboxState.Starting or SandboxState.Resuming or SandboxState.Terminating
            ? Stay(state)
            : Refuse(state, "moved to another step"),
        SandboxCommand.Started => state is SandboxState.Starting or SandboxState.Resuming
            ? To(SandboxState.Running)
            : Refuse(state, "reported as started"),
        SandboxCommand.Lost => DecideLost(state),
        SandboxCommand.Move => state.IsFinal() || state is SandboxState.Terminating ? Refuse(state, "moved to another port") : Stay(state),
        SandboxCommand.Pause => state is SandboxState.Running ? To(SandboxState.Pausing, SandboxEffect.Pause) : Refuse(state, "paused"),
        SandboxCommand.Resume => DecideResume(state, "resumed"),
        SandboxCommand.Capture => state is SandboxState.Running
            ? To(SandboxState.Forking, SandboxEffect.Capture)
            : Refuse(state, "captured"),
        SandboxCommand.Captured => state switch
        {
            SandboxState.Pausing => To(SandboxState.Paused),
            SandboxState.Forking => To(SandboxState.Running),
            _ => Refuse(state, "reported as captured"),
        },
        SandboxCommand.CaptureFailed => state is SandboxState.Pausing or SandboxState.Forking
            ? To(SandboxState.Running)
            : Refuse(state, "reported as not captured"),
        SandboxCommand.ResumeFailed => state is SandboxState.Resuming ? To(SandboxState.Paused) : Refuse(state, "reported as not resumed"),
        SandboxCommand.UseAgent => state is SandboxState.Running ? Stay(state) : Refuse(state, "used"),
        SandboxCommand.Connect => state is SandboxState.Running ? Stay(state) : DecideResume(state, "connected to"),
        SandboxCommand.SetTimeout => state.IsFinal() || state is SandboxState.Terminating
            ? Refuse(state, "given a new timeout")
            : Stay(state),
        SandboxCommand.AddPort => state.IsFinal() || state is SandboxState.Terminating ? Refuse(state, "given another port") : Stay(state),
        SandboxCommand.RemovePort => state.IsFinal() || state is SandboxState.Terminating ? Refuse(state, "relieved of a port") : Stay(state),
        SandboxCommand.ChangeMounts => state is SandboxState.Paused ? Stay(state) : Refuse(state, "given other mounts"),
        SandboxCommand.SetProject set => state.IsFinal() || state is SandboxState.Terminating
            || (set.OnlyRunning && state is not (SandboxState.Running or SandboxState.Forking))
            ? Refuse(state, "put into another project")
            : Stay(state),
        SandboxCommand.Expire => state is SandboxState.Running
            ? To(SandboxState.Terminating, SandboxEffect.Clean)
            : Refuse(state, "expired"),
        SandboxCommand.Idle => state is SandboxState.Running ? To(SandboxState.Pausing, SandboxEffect.Pause) : Refuse(state, "idle"),
        SandboxCommand.ImageLost => state is SandboxState.Paused
            ? To(SandboxState.Failed, SandboxEffect.Clean)
            : Refuse(state, "without its image"),
        SandboxCommand.Sweep => state is SandboxState.Paused or SandboxState.Terminating
            ? new Decision(state, SandboxEffect.Clean, null)
            : Refuse(state, "swept off its node"),
        SandboxCommand.Terminate => DecideTerminate(state),
        SandboxCommand.Delete => state.IsFinal() ? new Decision(state, SandboxEffect.Forget, null) : DecideTerminate(state),
        SandboxCommand.Cleaned => DecideCleaned(state),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "not a member of the closed hierarchy"),
    };

    // Whoever asks while it is on its way back already is answered when it is there.
    private static Decision DecideResume(SandboxState state, string participle) => state switch
    {
        SandboxState.Paused => To(SandboxState.Resuming, SandboxEffect.Restore),
        SandboxState.Resuming => Stay(state),
        _ => Refuse(state, participle),
    };

    // One that is lost on its way back still has its image.
    private static Decision DecideLost(SandboxState state) => state switch
    {
        SandboxState.Created or SandboxState.Starting or SandboxState.Running or SandboxState.Pausing
            or SandboxState.Forking => To(SandboxState.Failed, SandboxEffect.Clean),
        SandboxState.Resuming => To(SandboxState.Paused, SandboxEffect.Clean),
        _ => Refuse(state, "lost"),
    };

    private static Decision DecideTerminate(SandboxState state) => state switch
    {
        SandboxState.Terminating => Stay(state),
        SandboxState.Terminated or SandboxState.Failed => Stay(state),
        _ => To(SandboxState.Terminating, SandboxEffect.Clean),
    };

    // One that is over already was cleaned after a failure, or once more by a reconciler; one that is paused, after it was lost on its way back.
    private static Decision DecideCleaned(SandboxState state) => state switch
    {
        SandboxState.Terminating => To(SandboxState.Terminated),
        SandboxState.Terminated or SandboxState.Failed or SandboxState.Paused => Stay(state),
        _ => Refuse(state, "reported as cleaned"),
    };

    private static Decision To(SandboxState next, SandboxEffect effect = SandboxEffect.None) => new(next, effect, null);

    private static Decision Stay(SandboxState state) => new(state, SandboxEffect.None, null);

    private static Decision Refuse(SandboxState state, string participle) => new(
        state,
        SandboxEffect.None,
        new Fault(FaultCode.WrongState, $"a sandbox that is {state.ToString().ToLowerInvariant()} cannot be {participle}"));
}
