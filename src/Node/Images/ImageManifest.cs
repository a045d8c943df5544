using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Recovery;

namespace Atoll.Node.Images;

/// <summary>
/// What an image is and what it needs to be restored: <c>manifest.json</c> beside its files. Written last, so that an image
/// without one is none. Holds no secret.
/// </summary>
internal sealed record ImageManifest
{
    /// <summary>The form that this version of the server writes, and the only one that it reads.</summary>
    public const int CurrentFormat = 1;

    public const string FileName = "manifest.json";

    /// <summary>A manifest of an image with as many files and ranges as there can be is smaller.</summary>
    private const long MaxBytes = 16 << 20;

    public required int Format { get; init; }

    public required ImageId Id { get; init; }

    /// <summary>The sandbox of which it was taken; its agent still has the secret of that one.</summary>
    public required SandboxId Source { get; init; }

    /// <summary>The driver's name and its runtime's exact version: no other can read the files.</summary>
    public required string Runtime { get; init; }

    /// <summary>The template over whose root file system it was taken.</summary>
    public required string Template { get; init; }

    /// <summary>SHA-256 of the agent that was its first program, in hexadecimal.</summary>
    public required string Agent { get; init; }

    /// <summary>What the sandbox had.</summary>
    public required SandboxResources Resources { get; init; }

    /// <summary>Bytes of memory that the sandbox used, and of its disk.</summary>
    public required long MemoryBytes { get; init; }

    /// <inheritdoc cref="MemoryBytes"/>
    public required long DiskBytes { get; init; }

    public required DateTimeOffset TakenAt { get; init; }

    public IReadOnlyList<ImageFile> Files { get; init; } = [];

    /// <exception cref="IOException">There is none, or it is none.</exception>
    public static ImageManifest Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new IOException($"{path} is too large for a manifest");
            }

            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, ImageJson.Default.ImageManifest) ?? throw new IOException($"{path} holds nothing");
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new IOException($"{path} is not the manifest of an image: {e.Message}", e);
        }
    }

    public void Write(string directory)
    {
        using FileStream file = File.Create(Path.Combine(directory, FileName));
        JsonSerializer.Serialize(file, this, ImageJson.Default.ImageManifest);
    }
}

/// <summary>One file of an image.</summary>
/// <param name="Digests">SHA-256 of each <see cref="ImageDigests.RangeBytes"/> of it, in hexadecimal; the last one is of what is left.</param>
internal sealed record ImageFile(string Name, long Length, IReadOnlyList<string> Digests);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, Converters = [typeof(SandboxIdConverter), typeof(ImageIdConverter)])]
[JsonSerializable(typeof(ImageManifest))]
internal sealed partial class ImageJson : JsonSerializerContext;

internal sealed class ImageIdConverter : JsonConverter<ImageId>
{
    public override ImageId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => ImageId.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, ImageId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
