using System.Text.Json;

namespace Atoll.Sdk;

/// <summary>A sandbox to make. What is null takes the template's or the server's default.</summary>
public sealed record CreateSandboxRequest
{
    /// <summary>Name or id of a template or of a snapshot; the server's default is <c>base</c>.</summary>
    public string? Template { get; init; }

    /// <summary>At most 24 characters; made up when absent.</summary>
    public string? Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>Processors, at least 1.</summary>
    public int? CpuCount { get; init; }

    /// <summary>Memory in MiB.</summary>
    public int? MemoryMb { get; init; }

    /// <summary>Disk in GiB.</summary>
    public int? StorageGb { get; init; }

    /// <summary>Length of a running phase in seconds; the server's default is 300.</summary>
    public int? Timeout { get; init; }

    /// <summary>Environment of every command in it.</summary>
    public Dictionary<string, string>? EnvVars { get; init; }

    /// <summary>Labels.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Whether its data plane asks for a token; default true.</summary>
    public bool? Secure { get; init; }

    /// <summary>Whether it reaches the internet; default true.</summary>
    public bool? AllowInternetAccess { get; init; }

    /// <summary>Pause it at its timeout instead of terminating it.</summary>
    public bool? AutoPause { get; init; }

    /// <summary>Wake it, when it is paused, by a request for one of its programs.</summary>
    public bool? AutoResume { get; init; }

    /// <summary>Pause it after so many seconds without use; null for never.</summary>
    public int? IdleTimeout { get; init; }

    /// <summary>The project that it shall belong to; the server's default is the user's own.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Ports to open besides the template's.</summary>
    public List<SandboxPort>? CustomPorts { get; init; }

    /// <summary>Where it shall run.</summary>
    public Locality? Locality { get; init; }

    /// <summary>
    /// Buckets to mount: one object, or an array of them, as contracts/scalebox.md 1.2 describes. It holds keys. A
    /// server that mounts none refuses it.
    /// </summary>
    public JsonElement? ObjectStorage { get; init; }

    /// <summary>Mount the buckets in a custom template's own container.</summary>
    public bool? ObjectStorageDirectMount { get; init; }

    /// <summary>Where s3fs is in a custom template.</summary>
    public string? S3fsExecutablePath { get; init; }

    /// <summary>Answer at once and start it afterwards.</summary>
    public bool? IsAsync { get; init; }

    /// <summary>Names it without what may be secret.</summary>
    public override string ToString() => $"sandbox '{Name}' of template '{Template}'";
}

/// <summary>A port that a sandbox offers.</summary>
public sealed record SandboxPort
{
    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>At most 15 characters, unique in the sandbox.</summary>
    public string? Name { get; init; }

    /// <summary>TCP, UDP or WEBRTC.</summary>
    public string? Protocol { get; init; }

    /// <summary>The port that the program listens on, when it is another.</summary>
    public int? ServicePort { get; init; }
}

/// <summary>Wishes about where a sandbox runs.</summary>
public sealed record Locality
{
    /// <summary>A region's id.</summary>
    public string? Region { get; init; }

    /// <summary>Refuse rather than take another region.</summary>
    public bool? Force { get; init; }

    /// <summary>Choose by the caller's address.</summary>
    public bool? AutoDetect { get; init; }
}
