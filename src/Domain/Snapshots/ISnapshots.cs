using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Snapshots;

/// <summary>A named image of a sandbox, from which others are created. Outlives the sandbox it was taken of.</summary>
public sealed record Snapshot
{
    public required SnapshotId Id { get; init; }
    public required UserId Owner { get; init; }

    /// <summary>Unique among its owner's, 1 to 64 of <c>[a-z0-9_-]</c>; null for one that has only its id.</summary>
    public string? Name { get; init; }

    public required ImageId Image { get; init; }

    /// <summary>Of what it was taken.</summary>
    public required SandboxId Sandbox { get; init; }

    public required TemplateId Template { get; init; }
    public required string TemplateName { get; init; }

    /// <summary>What a sandbox made of it has, unless it asks for more.</summary>
    public required SandboxResources Resources { get; init; }

    /// <summary>Variables of the sandbox; those of one that is made of it replace them by name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public required long Bytes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The port through which dialects take, list and remove snapshots. Another user's snapshot is not found.</summary>
public interface ISnapshots
{
    /// <summary>
    /// Takes a snapshot of a running or paused sandbox, which goes on as it was but for its established connections.
    /// <see cref="FaultCode.AlreadyExists"/> when the name is taken, <see cref="FaultCode.WrongState"/> in any other state,
    /// <see cref="FaultCode.NotCapturable"/> when the sandbox's own programs prevent it, <see cref="FaultCode.NoCapacity"/>
    /// when the disk has no room.
    /// </summary>
    Task<Snapshot> TakeAsync(Caller caller, SandboxId sandbox, string? name, CancellationToken cancellation);

    Task<Snapshot> GetAsync(Caller caller, SnapshotId id, CancellationToken cancellation);

    Task<SnapshotPage> ListAsync(Caller caller, SnapshotQuery query, CancellationToken cancellation);

    /// <summary>Forgets it; its image goes when nothing else is made of it at the moment.</summary>
    Task DeleteAsync(Caller caller, SnapshotId id, CancellationToken cancellation);
}

/// <summary>What to list, newest first. A filter that is null lets everything pass.</summary>
public sealed record SnapshotQuery
{
    public SandboxId? Sandbox { get; init; }
    public string? Name { get; init; }

    /// <summary>Only what is older than this one: a page that begins where the last one ended.</summary>
    public SnapshotId? After { get; init; }

    public int Offset { get; init; }

    /// <summary>1 to 500.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>One page of a list and how many there are in all.</summary>
public sealed record SnapshotPage(IReadOnlyList<Snapshot> Snapshots, int Total);
