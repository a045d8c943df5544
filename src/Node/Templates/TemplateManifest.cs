using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates;

/// <summary>What a built template says of itself, in <c>manifest.json</c> beside its <c>rootfs</c>.</summary>
/// <param name="Recipe">SHA-256 of the recipe, in hex.</param>
/// <param name="Tree">SHA-256 of the root file system as <see cref="TemplateTree"/> lists it, in hex.</param>
/// <param name="Size">Bytes of all files together.</param>
/// <param name="Start">What every sandbox starts with, a program and its arguments; null for nothing.</param>
internal sealed record TemplateManifest(
    string Id, string Name, string Description, string Recipe, string Tree, long Size, DateTimeOffset CreatedAt,
    int DefaultCpuCount, int DefaultMemoryMb, IReadOnlyList<RecipePort> Ports, IReadOnlyDictionary<string, string> Packages,
    IReadOnlyList<string>? Start = null)
{
    public const string FileName = "manifest.json";
    public const string RootName = "rootfs";

    public static TemplateManifest Read(string directory) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, FileName)), ManifestJson.Default.TemplateManifest)
        ?? throw new JsonException($"{FileName} is empty");

    public void Write(string directory) =>
        File.WriteAllBytes(Path.Combine(directory, FileName), JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.TemplateManifest));

    public Template ToTemplate() => new()
    {
        Id = new TemplateId(Id),
        Name = Name,
        Description = Description,
        DefaultCpuCount = DefaultCpuCount,
        DefaultMemoryMb = DefaultMemoryMb,
        Ports = [.. Ports.Select(p => new PortMapping(p.Port, p.ServicePort, PortProtocol.Tcp, p.Name, IsProtected: true))],
        Start = Start ?? [],
        CreatedAt = CreatedAt,
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TemplateManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
