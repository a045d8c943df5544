using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Lists and deletes snapshots: images of sandboxes, of which others are made. <see cref="SandboxesClient.SnapshotAsync"/> takes them.</summary>
public sealed class SnapshotsClient
{
    private readonly Transport _transport;

    internal SnapshotsClient(Transport transport) => _transport = transport;

    /// <summary>One page of the caller's snapshots, newest first.</summary>
    public Task<SnapshotPage> ListAsync(SnapshotQuery? query = null, CancellationToken cancellation = default)
    {
        SnapshotQuery wanted = query ?? new SnapshotQuery();
        return _transport.SendAsync(
            ApiRequest.Get("v1/snapshots" + wanted.Render(("sandbox_id", wanted.SandboxId), ("name", wanted.Name))),
            SdkJson.Default.SnapshotPage, cancellation);
    }

    /// <summary>One snapshot.</summary>
    /// <exception cref="NotFoundException">There is none of this id among the caller's.</exception>
    public Task<Snapshot> GetAsync(string snapshotId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(snapshotId)), SdkJson.Default.Snapshot, cancellation);

    /// <summary>Forgets a snapshot. Sandboxes that were made of it live on.</summary>
    public Task DeleteAsync(string snapshotId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(snapshotId)), cancellation);

    private static string PathOf(string snapshotId) => $"v1/snapshots/{ApiRequest.Segment(snapshotId)}";
}

/// <summary>Which snapshots to list.</summary>
public sealed record SnapshotQuery : PageQuery
{
    /// <summary>Only those of this sandbox.</summary>
    public string? SandboxId { get; init; }

    /// <summary>Only the one of this name.</summary>
    public string? Name { get; init; }
}

/// <summary>Memory, processes and disk of a sandbox at one instant. <see cref="CreateSandboxRequest.Template"/> takes its id or name.</summary>
public sealed record Snapshot
{
    /// <summary><c>snp-</c> and a ULID.</summary>
    public required string SnapshotId { get; init; }

    /// <summary>Unique among its owner's; null for one that has only its id.</summary>
    public string? Name { get; init; }

    /// <summary>Of what it was taken.</summary>
    public string? SandboxId { get; init; }

    /// <summary>The template of that sandbox.</summary>
    public string? TemplateId { get; init; }

    /// <summary>Its name.</summary>
    public string? TemplateName { get; init; }

    /// <summary>What it takes up on the server's disk, in bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>When it was taken.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Whatever else the server tells, under its wire names.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>One page of snapshots.</summary>
public sealed record SnapshotPage : Page<Snapshot>
{
    /// <summary>The snapshots, newest first.</summary>
    public required List<Snapshot> Snapshots { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Snapshot> Items => Snapshots;
}
