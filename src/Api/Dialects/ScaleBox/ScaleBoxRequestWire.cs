using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Body of POST /v1/sandboxes, as documentation: <see cref="ScaleBoxRequests"/> reads it field by field. A test
/// holds the two together.
/// </summary>
internal sealed record WireCreateSandbox
{
    [MaxLength(24)]
    [Description("Made up when absent.")]
    public string? Name { get; init; }

    public string? Description { get; init; }

    [Description("Name or id of a template, or of a snapshot of yours; base when absent.")]
    public string? Template { get; init; }

    [Description("A project of yours; the default one when absent.")]
    public string? ProjectId { get; init; }

    [Description("Processors; the template's default when absent.")]
    public int? CpuCount { get; init; }

    [Description("MiB; the template's default when absent, and at least that.")]
    public int? MemoryMb { get; init; }

    [Description("GiB.")]
    public int? StorageGb { get; init; }

    [Description("Seconds that the running phase may last; 300 when absent.")]
    public int? Timeout { get; init; }

    public Dictionary<string, string>? EnvVars { get; init; }
    public Dictionary<string, string>? Metadata { get; init; }

    [Description("True when absent.")]
    public bool? Secure { get; init; }

    [Description("True when absent.")]
    public bool? AllowInternetAccess { get; init; }

    [Description("True: at the end of its timeout it is paused, not terminated. Cannot be changed later.")]
    public bool? AutoPause { get; init; }

    [Description("True: a request that needs it brings it back when it is paused.")]
    public bool? AutoResume { get; init; }

    [Description("Seconds without use after which it is paused; never when absent.")]
    public int? IdleTimeout { get; init; }

    public IReadOnlyList<WireNewPort>? CustomPorts { get; init; }
    public WireLocality? Locality { get; init; }

    [Description("True: answer at once instead of waiting until the sandbox runs or has failed.")]
    public bool? IsAsync { get; init; }

    [Description("Not built in this version: anything but null, {} or [] is 501.")]
    public object? ObjectStorage { get; init; }

    [Description("Not built in this version: true is 501.")]
    public bool? ObjectStorageDirectMount { get; init; }

    [JsonPropertyName("s3fs_executable_path")]
    [Description("Not built in this version: anything but null or an empty text is 501.")]
    public string? S3fsExecutablePath { get; init; }

    [Description("Not built in this version: anything but null or an empty text is 501.")]
    public string? NetProxyCountry { get; init; }
}

internal sealed record WireNewPort
{
    [Range(1, 65535)]
    public required int Port { get; init; }

    [MaxLength(15)]
    [Description("Unique in the sandbox.")]
    public required string Name { get; init; }

    [Description("TCP (when absent), UDP or WEBRTC, in any case.")]
    public string? Protocol { get; init; }

    [Range(1, 65535)]
    [Description("The same as port when absent.")]
    public int? ServicePort { get; init; }
}

internal sealed record WireLocality
{
    public bool? AutoDetect { get; init; }

    [Description("An id from the catalogue of regions.")]
    public string? Region { get; init; }

    [Description("True: refuse with 409 rather than run elsewhere.")]
    public bool? Force { get; init; }
}

internal sealed record WireConnect
{
    [Description("Seconds, counted from the start of the running phase, which is now when it is resumed; replaces the present timeout if it is longer.")]
    public int? Timeout { get; init; }
}

internal sealed record WireSetTimeout([property: Description("Seconds, counted from the start of the running phase.")] int Timeout);

internal sealed record WireExec
{
    [MaxLength(1024 * 1024)]
    [Description("Run as bash -c.")]
    public required string Command { get; init; }

    [Description("Absolute; / when absent.")]
    public string? Cwd { get; init; }

    [Description("Merged over the sandbox's environment.")]
    public Dictionary<string, string>? Env { get; init; }

    [Description("Seconds after which the command is killed; the server's limit when absent.")]
    public int? Timeout { get; init; }
}

internal sealed record WireCreateApiKey
{
    public required string Name { get; init; }
    public string? Description { get; init; }

    [Range(1, 3650)]
    [Description("After so many days it does not authenticate any more; never when absent.")]
    public int? ExpiresInDays { get; init; }
}

internal sealed record WireUpdateApiKey
{
    public string? Name { get; init; }
    public string? Description { get; init; }
    public bool? IsActive { get; init; }
}

internal sealed record WireApiKeyStatus(bool IsActive);
