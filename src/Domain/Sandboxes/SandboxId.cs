using System.Diagnostics.CodeAnalysis;

namespace Atoll.Domain.Sandboxes;

/// <summary>
/// Names one sandbox everywhere inside Atoll: a lowercase ULID without prefix. A dialect adds its own prefix
/// when it renders the id and takes it off when it parses one.
/// </summary>
public readonly record struct SandboxId
{
    private readonly string? _value;

    private SandboxId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("default(SandboxId) names no sandbox");

    public static SandboxId New(DateTimeOffset now) => new(Ulid.New(now));

    public static bool TryParse([NotNullWhen(true)] string? text, out SandboxId id)
    {
        bool valid = Ulid.IsValid(text);
        id = valid ? new SandboxId(text!) : default;
        return valid;
    }

    public static SandboxId Parse(string text) =>
        TryParse(text, out SandboxId id) ? id : throw new FormatException($"'{text}' is not a sandbox id");

    /// <summary>The id as the 128-bit number that it is.</summary>
    public UInt128 Bits => Ulid.Bits(Value);

    public override string ToString() => _value ?? "(none)";
}
