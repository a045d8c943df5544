using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>A sandbox as the server described it at one moment.</summary>
public sealed record Sandbox
{
    /// <summary><c>sbx-</c> and a ULID.</summary>
    public required string SandboxId { get; init; }

    /// <summary>What its maker called it, or a made-up name.</summary>
    public string Name { get; init; } = "";

    /// <summary>What its maker says about it.</summary>
    public string? Description { get; init; }

    /// <summary>created, starting, running, pausing, paused, resuming, terminating, terminated or failed.</summary>
    public required string Status { get; init; }

    /// <summary>How far a starting or terminating sandbox has come.</summary>
    public string? Substatus { get; init; }

    /// <summary>Why it is in this state; empty while all is well.</summary>
    public string? Reason { get; init; }

    /// <summary><c>tpl-</c> and an id.</summary>
    public string? TemplateId { get; init; }

    /// <summary>The template's name.</summary>
    public string? TemplateName { get; init; }

    /// <summary>The region that it runs in.</summary>
    public string? Region { get; init; }

    /// <summary>Processors that it may use.</summary>
    public int CpuCount { get; init; }

    /// <summary>Memory limit in MiB.</summary>
    public int MemoryMb { get; init; }

    /// <summary>Disk limit in GiB.</summary>
    public int StorageGb { get; init; }

    /// <summary>Length of a running phase in seconds.</summary>
    public int Timeout { get; init; }

    /// <summary>When the present running phase ends.</summary>
    public DateTimeOffset? TimeoutAt { get; init; }

    /// <summary>Seconds until then.</summary>
    public long? RemainingSeconds { get; init; }

    /// <summary>Whether it is paused rather than terminated at its timeout.</summary>
    public bool AutoPause { get; init; }

    /// <summary>Whether a request for one of its programs wakes it when it is paused.</summary>
    public bool AutoResume { get; init; }

    /// <summary>Seconds without use after which it is paused; null for never.</summary>
    public int? IdleTimeout { get; init; }

    /// <summary>The project that it belongs to, <c>prj-</c> and an id.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Whether its data plane asks for <see cref="EnvdAccessToken"/>.</summary>
    public bool Secure { get; init; }

    /// <summary>Whether it reaches the internet.</summary>
    public bool AllowInternetAccess { get; init; }

    /// <summary>Host name, or address and port, of its data plane.</summary>
    public string? SandboxDomain { get; init; }

    /// <summary>Secret of its data plane; only some replies carry it.</summary>
    public string? EnvdAccessToken { get; init; }

    /// <summary>Labels that its maker gave it.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Environment of every command in it.</summary>
    public Dictionary<string, string>? EnvVars { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When its present running phase began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was paused last; null when it never was.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Whatever else the server tells, under its wire names.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>What the server says when a sandbox is to end; the work goes on after the reply.</summary>
public sealed record SandboxEnding
{
    /// <summary>The sandbox.</summary>
    public required string SandboxId { get; init; }

    /// <summary>termination_in_progress, terminated or deletion_in_progress.</summary>
    public required string Status { get; init; }

    /// <summary>The server's remark.</summary>
    public string? Note { get; init; }
}

/// <summary>A sandbox's timeout after a change.</summary>
public sealed record SandboxTimeout
{
    /// <summary>Length of a running phase in seconds.</summary>
    public int Timeout { get; init; }

    /// <summary>When the present phase ends.</summary>
    public DateTimeOffset? TimeoutAt { get; init; }

    /// <summary>Seconds until then.</summary>
    public long? RemainingTime { get; init; }

    /// <summary>current_phase or next_phase.</summary>
    public string? AppliesTo { get; init; }
}

internal sealed record SetTimeoutRequest(int Timeout);
