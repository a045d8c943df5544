using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;

namespace Atoll.Control.Sandboxes;

/// <summary>Turns an accepted command into the next record; pure, like the state machine that accepted it.</summary>
internal static class SandboxTransition
{
    /// <summary>What the record itself has against a command that its state allows; null when nothing.</summary>
    public static Fault? Refusal(Sandbox sandbox, SandboxCommand command, DateTimeOffset now) => command switch
    {
        SandboxCommand.Connect when sandbox.ExpiresAt <= now => TimeIsUp(sandbox),
        SandboxCommand.SetTimeout set => RefuseTimeout(sandbox, set, now),
        SandboxCommand.AddPort add => PortRules.Clash(sandbox.Ports, add.Port, add.Most),
        SandboxCommand.ImageLost lost when lost.Image != sandbox.Image => new Fault(FaultCode.WrongState, "the sandbox is paused to another image"),
        SandboxCommand.RemovePort remove => PortRules.RemovalRefusal(sandbox, remove.Port),
        SandboxCommand.ChangeMounts change => RefuseMounts(sandbox, change.Patch),
        SandboxCommand.Expire when now < sandbox.ExpiresAt =>
            new Fault(FaultCode.WrongState, "the sandbox was given more time"),
        // A launch that is being cancelled may still report its steps.
        SandboxCommand.Progress { Phase: not (SandboxPhase.CleaningResources or SandboxPhase.CleaningData) }
            when sandbox.State is SandboxState.Terminating => new Fault(FaultCode.WrongState, "the sandbox is being terminated"),
        _ => null,
    };

    public static Sandbox Apply(Sandbox sandbox, SandboxCommand command, SandboxState next, DateTimeOffset now)
    {
        bool changes = next != sandbox.State;
        Sandbox moved = changes ? Moved(sandbox, command, next, now) : sandbox;
        return command switch
        {
            SandboxCommand.Start => moved with { Phase = SandboxPhase.Allocating },
            SandboxCommand.Started => moved with
            {
                StartedAt = now, ResumedAt = sandbox.State is SandboxState.Resuming ? now : null, Image = null,
            },
            SandboxCommand.Progress progress => sandbox with { Phase = progress.Phase },
            SandboxCommand.Lost lost => moved with { Reason = lost.Reason, EndedAt = next.IsFinal() ? now : null },
            SandboxCommand.ImageLost lost => moved with { Reason = lost.Reason, EndedAt = now },
            SandboxCommand.Pause pause => moved with { Image = pause.Image, PausingAt = now, Reason = pause.Reason },
            SandboxCommand.Capture capture => moved with { Image = capture.Image },
            SandboxCommand.Captured when next is SandboxState.Paused => moved with { PausedAt = now, Reason = sandbox.Reason },
            SandboxCommand.Captured => moved with { Image = null },
            SandboxCommand.CaptureFailed failed => moved with { Image = null, Reason = NotCaptured(sandbox, failed.Why) },
            SandboxCommand.ResumeFailed failed => moved with { Reason = $"could not be resumed: {failed.Why.Message}" },
            SandboxCommand.Resume { Timeout: { } wanted } => Timed(moved, wanted, changes, now),
            SandboxCommand.Connect { Timeout: { } wanted } when sandbox.State is SandboxState.Paused or SandboxState.Resuming =>
                Timed(moved, wanted, changes, now),
            SandboxCommand.Expire => moved with { Phase = SandboxPhase.CleaningResources, Reason = Expired(sandbox) },
            SandboxCommand.Terminate when changes => moved with { Phase = SandboxPhase.CleaningResources },
            SandboxCommand.Delete => Deleted(moved, changes, now),
            SandboxCommand.Connect { Timeout: { } wanted } connect => Prolonged(sandbox, connect.Origin is TimeoutOrigin.Now
                ? FromNow(sandbox, wanted, connect.Longest, now) : wanted, now),
            SandboxCommand.SetTimeout { Rule: TimeoutRule.LaterFromNow } set => Prolonged(
                sandbox, FromNow(sandbox, set.Timeout, set.Longest, now), now),
            SandboxCommand.SetTimeout { Rule: TimeoutRule.FromNow } set => sandbox with
            {
                Timeout = FromNow(sandbox, set.Timeout, set.Longest, now), UpdatedAt = now,
            },
            SandboxCommand.AddPort add => sandbox with { Ports = [.. sandbox.Ports, add.Port with { IsProtected = false }], UpdatedAt = now },
            SandboxCommand.RemovePort remove => sandbox with
            {
                Ports = [.. sandbox.Ports.Where(port => port.Port != remove.Port)], UpdatedAt = now,
            },
            SandboxCommand.ChangeMounts { Patch: not MountPatch.Keep } change => sandbox with
            {
                Mounts = change.Patch.Apply(sandbox.Mounts), UpdatedAt = now,
            },
            SandboxCommand.SetProject set when set.Project != sandbox.Project => sandbox with { Project = set.Project, UpdatedAt = now },
            SandboxCommand.Move move => sandbox with { LocalPort = move.LocalPort, UpdatedAt = now },
            SandboxCommand.SetTimeout set => sandbox with { Timeout = set.Timeout, UpdatedAt = now },
            SandboxCommand.Cleaned when changes => moved with { EndedAt = now, Image = null },
            SandboxCommand.Cleaned when next.IsFinal() => moved with { Image = null },
            _ => moved,
        };
    }

    private static Sandbox Moved(Sandbox sandbox, SandboxCommand command, SandboxState next, DateTimeOffset now) => sandbox with
    {
        State = next,
        Phase = SandboxPhase.None,
        UpdatedAt = now,
        LocalPort = next.IsFinal() ? null : sandbox.LocalPort,
        Reason = command is SandboxCommand.Cleaned ? sandbox.Reason : "",
        RanBefore = sandbox.RanBefore + RanInPhaseThatEnds(sandbox, next, now),
        PausedBefore = sandbox.PausedBefore + PausedUntilNow(sandbox, next, now),
    };

    // A phase that a pause ends was over when the pause was asked for.
    private static TimeSpan RanInPhaseThatEnds(Sandbox sandbox, SandboxState next, DateTimeOffset now) => (sandbox.State, next) switch
    {
        (SandboxState.Running or SandboxState.Forking, SandboxState.Terminating or SandboxState.Failed) => now - sandbox.StartedAt,
        (SandboxState.Pausing, SandboxState.Paused or SandboxState.Terminating or SandboxState.Failed) => sandbox.PausingAt - sandbox.StartedAt,
        _ => null,
    } ?? TimeSpan.Zero;

    private static TimeSpan PausedUntilNow(Sandbox sandbox, SandboxState next, DateTimeOffset now) =>
        sandbox.State is SandboxState.Paused or SandboxState.Resuming
        && next is SandboxState.Running or SandboxState.Terminating or SandboxState.Failed
            ? now - sandbox.PausedAt ?? TimeSpan.Zero
            : TimeSpan.Zero;

    private static string NotCaptured(Sandbox sandbox, Fault why) => sandbox switch
    {
        { State: SandboxState.Forking } => $"no image of it could be taken: {why.Message}",
        { Reason: "" } => $"could not be paused: {why.Message}",
        _ => $"{sandbox.Reason}, could not be paused and is going to be: {why.Message}",
    };

    // The phase that begins lasts as its resume says; who joins a resume may only make it longer.
    private static Sandbox Timed(Sandbox moved, TimeSpan timeout, bool begins, DateTimeOffset now) =>
        begins ? moved with { Timeout = timeout } : Prolonged(moved, timeout, now);

    private static Sandbox Deleted(Sandbox moved, bool changes, DateTimeOffset now)
    {
        if (changes)
        {
            return moved with { Phase = SandboxPhase.CleaningResources, DeleteRequested = true };
        }

        return moved.DeleteRequested ? moved : moved with { DeleteRequested = true, UpdatedAt = now };
    }

    private static Sandbox Prolonged(Sandbox sandbox, TimeSpan timeout, DateTimeOffset now) =>
        timeout > sandbox.Timeout ? sandbox with { Timeout = timeout, UpdatedAt = now } : sandbox;

    private static TimeSpan FromNow(Sandbox sandbox, TimeSpan timeout, TimeSpan? longest, DateTimeOffset now)
    {
        TimeSpan whole = Used(sandbox, now) + timeout;
        return whole > longest ? longest.Value : whole;
    }

    private static TimeSpan Used(Sandbox sandbox, DateTimeOffset now) =>
        sandbox.State is SandboxState.Running or SandboxState.Forking && sandbox.StartedAt is { } started ? now - started : TimeSpan.Zero;

    private static Fault? RefuseMounts(Sandbox sandbox, MountPatch patch)
    {
        try
        {
            patch.Apply(sandbox.Mounts);
            return null;
        }
        catch (FaultException e)
        {
            return e.Fault;
        }
    }

    private static Fault? RefuseTimeout(Sandbox sandbox, SandboxCommand.SetTimeout set, DateTimeOffset now)
    {
        if (sandbox.ExpiresAt <= now)
        {
            return TimeIsUp(sandbox);
        }

        if (set.Rule is TimeoutRule.FromNow or TimeoutRule.LaterFromNow)
        {
            return null;
        }

        if (set.Rule is TimeoutRule.OnlyLonger && set.Timeout <= sandbox.Timeout)
        {
            return Fault.Invalid("timeout", $"timeout must be more than the present {Seconds(sandbox.Timeout)} s");
        }

        TimeSpan used = Used(sandbox, now);
        return set.Timeout < used
            ? Fault.Invalid("timeout", $"timeout must be at least the {Math.Ceiling(used.TotalSeconds)} s that the sandbox has run already")
            : null;
    }

    private static Fault TimeIsUp(Sandbox sandbox) => new(
        FaultCode.WrongState, $"the sandbox has reached its timeout and is being {(sandbox.AutoPause ? "paused" : "terminated")}");

    internal static string Expired(Sandbox sandbox) => $"reached its timeout of {Seconds(sandbox.Timeout)} s";

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0.###}";
}
