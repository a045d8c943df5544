using System.Text.Json;

namespace Atoll.Sdk;

/// <summary>How a paused sandbox is brought back (contracts/scalebox.md 1.2 and 1.3).</summary>
public sealed record ResumeSandboxRequest
{
    /// <summary>Answer at once and bring it back afterwards.</summary>
    public bool? IsAsync { get; init; }

    /// <summary>Bring it back though a bucket cannot be mounted.</summary>
    public bool? BestEffortOss { get; init; }

    /// <summary>What to change of its buckets. It may hold keys.</summary>
    public JsonElement? ObjectStorage { get; init; }

    /// <summary>Says nothing of the buckets.</summary>
    public override string ToString() => "resume";
}

/// <summary>Copies to make of a sandbox. What is null is as the original's.</summary>
public sealed record ForkSandboxRequest
{
    /// <summary>1 to 100.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Name of the copies; more than one get a number after it.</summary>
    public string? Name { get; init; }

    /// <summary>Length of their running phase in seconds.</summary>
    public int? Timeout { get; init; }

    /// <summary>Labels besides those of the original.</summary>
    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>The copies that a fork made, those that failed to start included.</summary>
/// <param name="Sandboxes">In the order of their making: look at <see cref="Sandbox.Status"/>.</param>
public sealed record ForkedSandboxes(List<Sandbox> Sandboxes);

/// <summary>What is done to several sandboxes by one request, at most 100.</summary>
public enum BatchAction
{
    /// <summary>End them and keep their records.</summary>
    Terminate,

    /// <summary>End them and forget them.</summary>
    Delete,

    /// <summary>Write them to images and free what they use.</summary>
    Pause,

    /// <summary>Bring them back.</summary>
    Resume,
}

/// <summary>What became of the sandboxes of a batch.</summary>
public sealed record BatchOutcome
{
    /// <summary>How many were named.</summary>
    public int Total { get; init; }

    /// <summary>How many the server took on.</summary>
    public int Successful { get; init; }

    /// <summary>How many it refused.</summary>
    public int Failed { get; init; }

    /// <summary>Each of them.</summary>
    public required List<SandboxOutcome> Results { get; init; }
}

/// <summary>What became of one sandbox of several.</summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="Status">Its status, or what is under way.</param>
/// <param name="Error">Why nothing was done; null when it was.</param>
public sealed record SandboxOutcome(string SandboxId, string? Status, string? Error);

/// <summary>How a browser reaches a sandbox's WebRTC ports through a relay (contracts/scalebox.md 1.2).</summary>
public sealed record WebRtcCredential
{
    /// <summary>As RTCPeerConnection takes them.</summary>
    public JsonElement? IceServers { get; init; }

    /// <summary>The relay's user name.</summary>
    public string? Username { get; init; }

    /// <summary>The relay's password.</summary>
    public string? Credential { get; init; }

    /// <summary>The relay's host.</summary>
    public string? TurnPublicHost { get; init; }

    /// <summary>The relay's port.</summary>
    public int? TurnPublicPort { get; init; }

    /// <summary>Names the relay without what is secret.</summary>
    public override string ToString() => $"relay {TurnPublicHost}:{TurnPublicPort}";
}

internal sealed record BatchRequest(IReadOnlyList<string> SandboxIds, bool? Force);

internal sealed record AsyncRequest(bool IsAsync);

internal sealed record ConnectRequest(int? Timeout);

internal sealed record SwitchProjectRequest(string ProjectId);

internal sealed record TakeSnapshotRequest(string? Name);
