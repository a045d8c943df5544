using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Events;

/// <summary>Puts what changed of a sandbox's record into an event; pure.</summary>
internal static class SandboxEvents
{
    /// <param name="command">What changed it; null where only the records tell.</param>
    public static NewEvent Of(Sandbox before, Sandbox after, SandboxCommand? command, string by) =>
        Event(TypeOf(before, after, command), before, after, by);

    /// <summary>A new record.</summary>
    /// <param name="isFork">It is a copy of another sandbox; one that is made of a snapshot is not.</param>
    public static NewEvent Added(Sandbox sandbox, bool isFork, string by) =>
        Event(isFork ? EventTypes.SandboxForked : EventTypes.SandboxCreated, null, sandbox, by);

    /// <summary>Its record goes.</summary>
    public static NewEvent Removed(Sandbox sandbox, string by) => new(EventTypes.SandboxDeleted, sandbox.Owner, sandbox.Id.Value)
    {
        Sandbox = sandbox.Id, Project = sandbox.Project.Value, By = by, From = sandbox.State, To = null, Data = DataOf(sandbox),
    };

    internal static string TypeOf(Sandbox before, Sandbox after, SandboxCommand? command) => (before.State, after.State) switch
    {
        var (from, to) when from == to => ChangeOf(before, after),
        (_, SandboxState.Starting) => EventTypes.SandboxStarting,
        (SandboxState.Pausing, SandboxState.Running) => EventTypes.SandboxPauseFailed,
        (SandboxState.Forking, SandboxState.Running) => command is SandboxCommand.CaptureFailed
            ? EventTypes.SandboxCaptureFailed
            : EventTypes.SandboxCaptured,
        (SandboxState.Resuming or SandboxState.Paused, SandboxState.Running) => EventTypes.SandboxResumed,
        (_, SandboxState.Running) => EventTypes.SandboxStarted,
        (_, SandboxState.Pausing) => EventTypes.SandboxPausing,
        (SandboxState.Resuming, SandboxState.Paused or SandboxState.Error) => EventTypes.SandboxResumeFailed,
        (_, SandboxState.Paused) => EventTypes.SandboxPaused,
        (_, SandboxState.Resuming) => EventTypes.SandboxResuming,
        (_, SandboxState.Forking) => EventTypes.SandboxCapturing,
        (_, SandboxState.Terminating) => EventTypes.SandboxStopped,
        (_, SandboxState.Terminated) => EventTypes.SandboxTerminated,
        (_, SandboxState.Failed or SandboxState.Error) => EventTypes.SandboxFailed,
        _ => EventTypes.SandboxUpdated,
    };

    private static string ChangeOf(Sandbox before, Sandbox after) =>
        before.Timeout != after.Timeout ? EventTypes.SandboxTimeoutChanged
        : !before.Ports.SequenceEqual(after.Ports) ? EventTypes.SandboxPortsChanged
        : before.Project != after.Project ? EventTypes.SandboxProjectSwitched
        : EventTypes.SandboxUpdated;

    private static NewEvent Event(string type, Sandbox? before, Sandbox after, string by) => new(type, after.Owner, after.Id.Value)
    {
        Sandbox = after.Id, Project = after.Project.Value, By = by, Reason = after.Reason, From = before?.State, To = after.State, Data = DataOf(after),
    };

    private static Dictionary<string, string> DataOf(Sandbox sandbox) => new()
    {
        ["name"] = sandbox.Name,
        ["template_id"] = sandbox.Template.Value,
        ["template_name"] = sandbox.TemplateName,
    };
}
