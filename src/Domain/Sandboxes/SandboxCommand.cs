using Atoll.Domain.Network;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Sandboxes;

/// <summary>
/// The whole command surface of a sandbox, closed: what users ask for and what the node reports.
/// <see cref="SandboxStateMachine"/> says when each is legal.
/// </summary>
public abstract record SandboxCommand
{
    private SandboxCommand()
    {
    }

    /// <summary>Bring the created sandbox up.</summary>
    public sealed record Start : SandboxCommand;

    /// <summary>The node's report of the step it has reached while starting or terminating.</summary>
    public sealed record Progress(SandboxPhase Phase) : SandboxCommand;

    /// <summary>The node's report that the sandbox is up and its agent answers.</summary>
    public sealed record Started : SandboxCommand;

    /// <summary>The node's report that starting failed, or that a running sandbox is lost.</summary>
    /// <param name="NoRoom">The fault, when it did not start because the node had no room; null otherwise.</param>
    public sealed record Lost(string Reason, Fault? NoRoom = null) : SandboxCommand;

    /// <summary>The server's report that, after a restart, it is reached at another local port than before, or at none.</summary>
    public sealed record Move(int? LocalPort) : SandboxCommand;

    /// <summary>Write its memory, processes and disk to an image and free the host.</summary>
    /// <param name="Reason">Why, when its user did not ask for it: its timeout, its idleness. Empty otherwise.</param>
    public sealed record Pause(ImageId Image, string Reason = "") : SandboxCommand;

    /// <summary>Bring it back from the image it was paused to.</summary>
    /// <param name="Timeout">How long the running phase that begins may last; null for what the last one was given.</param>
    public sealed record Resume(TimeSpan? Timeout = null) : SandboxCommand;

    /// <summary>Write an image of it and let it go on.</summary>
    public sealed record Capture(ImageId Image) : SandboxCommand;

    /// <summary>The node's report that the image is durable; of a sandbox that is being paused, also that nothing else of it is left there.</summary>
    public sealed record Captured : SandboxCommand;

    /// <summary>The node's report that there is no image, and that the sandbox runs on.</summary>
    public sealed record CaptureFailed(Fault Why) : SandboxCommand;

    /// <summary>The node's report that it could not be brought back: its image is as it was.</summary>
    public sealed record ResumeFailed(Fault Why) : SandboxCommand;

    /// <summary>Run a process in it, or read what one wrote.</summary>
    public sealed record UseAgent : SandboxCommand;

    /// <summary>
    /// Use it again: it stays as it is while it runs, and a timeout that ends later than the present one replaces that. One
    /// that is paused is brought back, for a whole phase of the timeout.
    /// </summary>
    /// <param name="Longest">How long a running phase may be made in all; null for no bound.</param>
    public sealed record Connect(
        TimeSpan? Timeout = null, TimeoutOrigin Origin = TimeoutOrigin.PhaseStart, TimeSpan? Longest = null) : SandboxCommand;

    /// <summary>Change how long its running phase may last.</summary>
    /// <param name="Longest">How long a running phase may be made in all; null for no bound.</param>
    public sealed record SetTimeout(
        TimeSpan Timeout, TimeoutRule Rule = TimeoutRule.NotBelowUsed, TimeSpan? Longest = null) : SandboxCommand;

    /// <summary>Name one more of its ports.</summary>
    /// <param name="Most">How many ports it may have besides its template's.</param>
    public sealed record AddPort(PortMapping Port, int Most) : SandboxCommand;

    /// <summary>Take the name off one of its ports.</summary>
    public sealed record RemovePort(int Port) : SandboxCommand;

    /// <summary>Change its slots for object storage, before it is resumed.</summary>
    public sealed record ChangeMounts(MountPatch Patch) : SandboxCommand;

    /// <summary>Put it into another project of its owner.</summary>
    /// <param name="OnlyRunning">Refuse it for one that does not run.</param>
    public sealed record SetProject(ProjectId Project, bool OnlyRunning = false) : SandboxCommand;

    /// <summary>Its running phase has lasted as long as it may.</summary>
    public sealed record Expire : SandboxCommand;

    /// <summary>Nobody has used it for as long as it may be idle.</summary>
    public sealed record Idle : SandboxCommand;

    /// <summary>The report that the image to which it is paused is not there any more, or damaged.</summary>
    public sealed record ImageLost(ImageId Image, string Reason) : SandboxCommand;

    /// <summary>The report that its node holds something of it though it is paused, or is being ended.</summary>
    public sealed record Sweep : SandboxCommand;

    /// <summary>End it, keep the record.</summary>
    public sealed record Terminate : SandboxCommand;

    /// <summary>End it if need be, then forget the record.</summary>
    public sealed record Delete : SandboxCommand;

    /// <summary>The node's report that nothing of it is left there.</summary>
    public sealed record Cleaned : SandboxCommand;
}
