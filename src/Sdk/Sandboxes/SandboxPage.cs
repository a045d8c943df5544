using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>Which sandboxes to list.</summary>
public sealed record SandboxQuery : PageQuery
{
    /// <summary>Only those in this status.</summary>
    public string? Status { get; init; }

    /// <summary>Only those whose name or id holds this.</summary>
    public string? Search { get; init; }

    /// <summary>Only those of this project.</summary>
    public string? ProjectId { get; init; }
}

/// <summary>One page of sandboxes.</summary>
public sealed record SandboxPage : Page<Sandbox>
{
    /// <summary>The sandboxes, in the server's order.</summary>
    public required List<Sandbox> Sandboxes { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Sandbox> Items => Sandboxes;
}
