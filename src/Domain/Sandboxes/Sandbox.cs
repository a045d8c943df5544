using Atoll.Domain.Network;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Sandboxes;

/// <summary>
/// The record of one sandbox. Immutable: its actor is the only writer and replaces it whole, so a reader always
/// sees one moment.
/// </summary>
public sealed record Sandbox
{
    private readonly ProjectId? _project;

    public required SandboxId Id { get; init; }
    public required UserId Owner { get; init; }

    /// <summary>The owner's project that it is in; the default one unless another was wanted.</summary>
    public ProjectId Project
    {
        get => _project ?? ProjectId.DefaultOf(Owner);
        init => _project = value;
    }

    public required string Name { get; init; }
    public string Description { get; init; } = "";
    public required TemplateId Template { get; init; }
    public required string TemplateName { get; init; }
    public required SandboxResources Resources { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>How long a running phase may last, counted from <see cref="StartedAt"/>.</summary>
    public required TimeSpan Timeout { get; init; }

    public SandboxState State { get; init; } = SandboxState.Created;
    public SandboxPhase Phase { get; init; }

    /// <summary>Why it is in this state, in a sentence; empty while all is well.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Whether it is paused, not terminated, when its running phase has lasted as long as it may. Never changes.</summary>
    public bool AutoPause { get; init; }

    /// <summary>Whether a request that needs it brings it back when it is paused.</summary>
    public bool AutoResume { get; init; }

    /// <summary>It is paused when nobody has used it for this long; null for never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Whether the data plane asks for the sandbox's access token.</summary>
    public bool Secure { get; init; } = true;

    public bool AllowInternetAccess { get; init; } = true;

    /// <summary>Whether everybody may reach the programs in it that listen; if not, only who has its traffic token.</summary>
    public bool PublicTraffic { get; init; } = true;

    /// <summary>
    /// What programs in it see in Host instead of what the client sent; <c>${PORT}</c> stands for the port that is asked.
    /// Null for the client's own.
    /// </summary>
    public string? RequestHost { get; init; }

    public string? Region { get; init; }
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>Its slots for object storage, in the order of their numbers; free ones included.</summary>
    public IReadOnlyList<MountSlot> Mounts { get; init; } = [];

    /// <summary>
    /// The port of the server's own address that is this sandbox's; null where sandboxes are reached by name, and once it
    /// is over.
    /// </summary>
    public int? LocalPort { get; init; }

    /// <summary>The node that holds it; null until one is chosen.</summary>
    public string? Node { get; init; }

    /// <summary>Start of the present running phase, or of the last one; null until it first runs.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was last asked to pause; null until then.</summary>
    public DateTimeOffset? PausingAt { get; init; }

    /// <summary>When its last pause was complete; null until then.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>When it last came back from a pause; null until then.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>How long it ran in the phases that are over.</summary>
    public TimeSpan RanBefore { get; init; }

    /// <summary>How long it was paused in the pauses that are over.</summary>
    public TimeSpan PausedBefore { get; init; }

    /// <summary>The image that it is paused to, is being paused to or restored from, or that is being taken of it; null while there is none.</summary>
    public ImageId? Image { get; init; }

    /// <summary>The image that it was made of; null for one that was booted from its template.</summary>
    public ImageId? Source { get; init; }

    /// <summary>When it stopped for good; null until then.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>True once a delete was asked for: the record goes when the node is clean.</summary>
    public bool DeleteRequested { get; init; }

    /// <summary>When the present running phase must end; null while it has none.</summary>
    public DateTimeOffset? ExpiresAt => State is SandboxState.Running or SandboxState.Forking ? StartedAt + Timeout : null;
}

/// <summary>Hard limits of a sandbox.</summary>
/// <param name="CpuCount">Processors, at least 1; enforced as a cgroup quota.</param>
/// <param name="MemoryMb">MiB of memory, at least 128; enforced by the memory cgroup.</param>
/// <param name="StorageGb">GiB that it may write; enforced by the size of its disk's file system.</param>
public sealed record SandboxResources(int CpuCount, int MemoryMb, int StorageGb);
