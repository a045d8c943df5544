using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// What a sandbox's timeout and its idleness lead to: has the wheels watch both, and turns their reports into the command
/// that they stand for. A pause that nobody asked for and that failed is tried again, ever more rarely, for as long as
/// the sandbox runs and its reason holds.
/// </summary>
internal sealed class SandboxTimers(SandboxId id, ActorContext context)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(1);

    private TimeSpan _wait = FirstRetry;
    private DateTimeOffset? _notBefore;

    /// <summary>Has the wheels report what is due of this record, in place of what they had of it.</summary>
    public void Watch(Sandbox sandbox)
    {
        bool runs = sandbox.State is SandboxState.Running;
        Watch(context.Wheel, runs ? NotBefore(sandbox.ExpiresAt, sandbox.AutoPause) : null);
        Watch(context.IdleWheel, runs && sandbox.IdleTimeout is { } idle ? NotBefore(context.Uses.IdleAt(id, idle), pauses: true) : null);
    }

    public void Stop()
    {
        context.Wheel.Cancel(id);
        context.IdleWheel.Cancel(id);
        context.Uses.Forget(id);
    }

    /// <summary>The command that a report stands for; any other command as it is.</summary>
    public SandboxCommand Translate(Sandbox sandbox, SandboxCommand command, DateTimeOffset now) => command switch
    {
        SandboxCommand.Expire when sandbox is { State: SandboxState.Running, AutoPause: true } && sandbox.ExpiresAt <= now && !(now < _notBefore) =>
            new SandboxCommand.Pause(ImageId.New(now), SandboxTransition.Expired(sandbox)),
        SandboxCommand.Idle when sandbox is { State: SandboxState.Running, IdleTimeout: { } idle } && IsIdle(idle, now) =>
            new SandboxCommand.Pause(ImageId.New(now), $"nobody used it for {idle.TotalSeconds:0.###} s"),
        _ => command,
    };

    /// <summary>Why a report that stands for nothing is refused; null for any other command.</summary>
    public Fault? Refusal(Sandbox sandbox, SandboxCommand command, DateTimeOffset now) => command switch
    {
        SandboxCommand.Expire when sandbox.AutoPause => new Fault(
            FaultCode.WrongState, now < sandbox.ExpiresAt ? "the sandbox was given more time" : "its pause is tried again later"),
        SandboxCommand.Idle => new Fault(FaultCode.WrongState, "the sandbox is in use"),
        _ => null,
    };

    /// <summary>Says what was done.</summary>
    public void Done(Sandbox before, SandboxCommand command, DateTimeOffset now)
    {
        switch (command)
        {
            case SandboxCommand.Started:
                context.Uses.Touch(id);
                _notBefore = null;
                break;
            // Only a pause that nobody asked for has a reason.
            case SandboxCommand.CaptureFailed when before is { State: SandboxState.Pausing, Reason.Length: > 0 }:
                _notBefore = now + _wait;
                _wait = _wait * 2 < LastRetry ? _wait * 2 : LastRetry;
                break;
            case SandboxCommand.Captured:
                _wait = FirstRetry;
                break;
        }
    }

    private bool IsIdle(TimeSpan idle, DateTimeOffset now) => context.Uses.IdleAt(id, idle) <= now && !(now < _notBefore);

    private DateTimeOffset? NotBefore(DateTimeOffset? moment, bool pauses) => pauses && moment < _notBefore ? _notBefore : moment;

    private void Watch(TimerWheel wheel, DateTimeOffset? moment)
    {
        if (moment is { } known)
        {
            wheel.Schedule(id, known);
        }
        else
        {
            wheel.Cancel(id);
        }
    }
}
