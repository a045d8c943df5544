using System.Diagnostics.CodeAnalysis;

namespace Atoll.Domain.Snapshots;

/// <summary>Names one snapshot everywhere inside Atoll: a lowercase ULID without prefix. A dialect adds its own prefix.</summary>
public readonly record struct SnapshotId
{
    private readonly string? _value;

    private SnapshotId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("default(SnapshotId) names no snapshot");

    public static SnapshotId New(DateTimeOffset now) => new(Ulid.New(now));

    public static bool TryParse([NotNullWhen(true)] string? text, out SnapshotId id)
    {
        bool valid = Ulid.IsValid(text);
        id = valid ? new SnapshotId(text!) : default;
        return valid;
    }

    public static SnapshotId Parse(string text) =>
        TryParse(text, out SnapshotId id) ? id : throw new FormatException($"'{text}' is not a snapshot id");

    public override string ToString() => _value ?? "(none)";
}
