using System.Threading.Channels;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;

namespace Atoll.Domain.Nodes;

/// <summary>
/// The port to one machine that runs sandboxes. Control decides and remembers; a node does, and remembers nothing
/// that it cannot find again on its own machine. Every method is safe to repeat.
/// </summary>
public interface INode
{
    string Name { get; }

    NodeCapabilities Capabilities { get; }

    /// <summary>
    /// Brings a sandbox up as ordered steps, reporting each. When a step fails or the wait is cancelled, what the
    /// steps before it made is undone before this throws: nothing is left behind.
    /// </summary>
    Task LaunchAsync(LaunchRequest request, Action<SandboxPhase> progress, CancellationToken cancellation);

    /// <summary>
    /// Takes back a sandbox that was running when the server last stopped: same processes, same address. Of one that
    /// this node has already it only says so: also the way to ask whether a sandbox still runs.
    /// </summary>
    /// <returns>Null when it runs on; otherwise why it does not, in a sentence. Nothing is cleaned.</returns>
    Task<string?> AdoptAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>Stops the sandbox and removes everything of it from this machine; done at once when nothing is there.</summary>
    Task CleanAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>Every sandbox of which this machine holds anything at all, for the reconciler that looks for orphans.</summary>
    Task<IReadOnlyList<SandboxId>> ListAsync(CancellationToken cancellation);

    /// <summary>The agent of a sandbox that runs here; <see cref="FaultCode.AgentUnavailable"/> when it does not.</summary>
    IAgent Agent(SandboxId id);

    /// <summary>What a sandbox that runs here uses now; <see cref="FaultCode.AgentUnavailable"/> when it does not.</summary>
    Task<SandboxStats> StatsAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>
    /// Writes memory, processes and disk of a running sandbox, all of one instant, as an image that is durable and complete
    /// when this returns. Fails with <see cref="FaultCode.NotCapturable"/> when the guest prevents it,
    /// <see cref="FaultCode.NoCapacity"/> when the disk has no room; then, and when the wait is cancelled, nothing of the
    /// image is left and the sandbox runs on.
    /// </summary>
    Task<SandboxImage> CaptureAsync(SandboxId id, ImageId image, AfterCapture after, CancellationToken cancellation);

    /// <summary>A complete image; null when there is none of this id.</summary>
    SandboxImage? FindImage(ImageId image);

    /// <summary>Every image of which this machine holds anything, complete or not, for the reconciler that looks for orphans.</summary>
    IReadOnlyList<ImageId> ListImages();

    /// <summary>Removes an image, complete or not; done at once when nothing is there. A launch from it that is under way fails or has all it needs.</summary>
    Task RemoveImageAsync(ImageId image, CancellationToken cancellation);

    /// <summary>Sandboxes that ended by themselves while they ran, with the reason. One reader.</summary>
    ChannelReader<SandboxLost> Lost { get; }
}

/// <summary>What a sandbox is to be made of.</summary>
/// <param name="Template">Whose root file system: <see cref="Templates.Template.Root"/>.</param>
public sealed record LaunchRequest(
    SandboxId Id, string Hostname, TemplateId Template, SandboxResources Resources,
    IReadOnlyDictionary<string, string> Environment, bool AllowInternetAccess)
{
    /// <summary>A program and its arguments to start when all else is there; it is not waited for. Empty for none.</summary>
    public IReadOnlyList<string> Start { get; init; } = [];

    public string StartDirectory { get; init; } = "/";

    /// <summary>Whose the program is: a name of the sandbox's /etc/passwd, or a number.</summary>
    public string StartUser { get; init; } = "root";

    /// <summary>What must hold before it counts as launched; null for nothing but its agent.</summary>
    public ReadyCheck? Ready { get; init; }

    /// <summary>
    /// The image that it is restored from; null to boot it from its template. Fails with
    /// <see cref="FaultCode.IncompatibleImage"/> when this node's runtime cannot restore it or it is damaged.
    /// </summary>
    public ImageId? From { get; init; }
}

/// <summary>A sandbox that ended by itself.</summary>
public sealed record SandboxLost(SandboxId Id, string Reason);

/// <summary>What a node can do, as data that placement and the API read.</summary>
/// <param name="Runtime">The name of its runtime driver.</param>
/// <param name="Region">The region that it counts for.</param>
public sealed record NodeCapabilities(string Runtime, string Region, int MaxCpuCount, int MaxMemoryMb, int MaxStorageGb);
