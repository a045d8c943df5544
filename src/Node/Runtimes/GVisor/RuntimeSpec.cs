using System.Text.Json.Serialization;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>The part of an OCI runtime bundle's <c>config.json</c> that Atoll uses (OCI runtime specification 1.0.2).</summary>
internal sealed record RuntimeSpec(
    SpecProcess Process, SpecRoot Root, string Hostname, IReadOnlyList<SpecMount> Mounts, SpecLinux Linux)
{
    public string OciVersion => "1.0.2";
}

internal sealed record SpecProcess(
    IReadOnlyList<string> Args, IReadOnlyList<string> Env, SpecCapabilities Capabilities, IReadOnlyList<SpecRlimit> Rlimits)
{
    public bool Terminal => false;

    public SpecUser User { get; } = new(0, 0);

    public string Cwd => "/";
}

internal sealed record SpecUser(int Uid, int Gid);

internal sealed record SpecCapabilities(
    IReadOnlyList<string> Bounding, IReadOnlyList<string> Effective, IReadOnlyList<string> Inheritable, IReadOnlyList<string> Permitted)
{
    public static SpecCapabilities All(IReadOnlyList<string> names) => new(names, names, names, names);
}

internal sealed record SpecRlimit(string Type, ulong Soft, ulong Hard);

internal sealed record SpecRoot(string Path, bool Readonly);

internal sealed record SpecMount(string Destination, string Type, string Source, IReadOnlyList<string> Options);

internal sealed record SpecLinux(string CgroupsPath, IReadOnlyList<SpecNamespace> Namespaces);

internal sealed record SpecNamespace(string Type, string? Path = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RuntimeSpec))]
internal sealed partial class RuntimeSpecJson : JsonSerializerContext;
