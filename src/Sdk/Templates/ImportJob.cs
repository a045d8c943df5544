using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>An image on its way from a registry, or from a file, to a template.</summary>
public sealed record ImportJob : ServerRecord
{
    /// <summary>Its id.</summary>
    public required string JobId { get; init; }

    /// <summary>What it is for.</summary>
    public string? TemplateId { get; init; }

    /// <summary>The name of that.</summary>
    public string? Name { get; init; }

    /// <summary>pending, running, completed, failed or cancelled.</summary>
    public string? Status { get; init; }

    /// <summary>How far it is.</summary>
    public double? ProgressPercentage { get; init; }

    /// <summary>The image.</summary>
    public string? ExternalImageUrl { get; init; }

    /// <summary>What it does.</summary>
    public string? LastLogMessage { get; init; }

    /// <summary>Why it failed.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>The server's remark.</summary>
    public string? Message { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of import jobs.</summary>
public sealed record ImportJobPage : Page<ImportJob>
{
    /// <summary>The jobs.</summary>
    public required List<ImportJob> Jobs { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<ImportJob> Items => Jobs;
}

/// <summary>Which import jobs to list.</summary>
public sealed record ImportJobQuery : PageQuery
{
    /// <summary>One status; null for those that are under way.</summary>
    public string? Status { get; init; }

    /// <summary>Only of this template.</summary>
    public string? TemplateId { get; init; }
}
