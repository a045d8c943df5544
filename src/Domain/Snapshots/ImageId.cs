using System.Diagnostics.CodeAnalysis;

namespace Atoll.Domain.Snapshots;

/// <summary>
/// Names one image: memory, processes and disk of a sandbox at one instant, as a node keeps it. A lowercase ULID. An image
/// never changes once it is there; it goes when no sandbox and no snapshot refers to it any more.
/// </summary>
public readonly record struct ImageId
{
    private readonly string? _value;

    private ImageId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("default(ImageId) names no image");

    public static ImageId New(DateTimeOffset now) => new(Ulid.New(now));

    public static bool TryParse([NotNullWhen(true)] string? text, out ImageId id)
    {
        bool valid = Ulid.IsValid(text);
        id = valid ? new ImageId(text!) : default;
        return valid;
    }

    public static ImageId Parse(string text) =>
        TryParse(text, out ImageId id) ? id : throw new FormatException($"'{text}' is not an image id");

    public override string ToString() => _value ?? "(none)";
}
