using System.Collections.Frozen;

namespace Atoll.Domain.Code;

/// <summary>A language that code can be run in.</summary>
/// <param name="Name">Its first name.</param>
/// <param name="Names">All spellings, <paramref name="Name"/> included.</param>
public sealed record CodeLanguage(string Name, IReadOnlyList<string> Names)
{
    public static readonly CodeLanguage Python = Of("python", "python3");
    public static readonly CodeLanguage JavaScript = Of("javascript", "js", "node", "nodejs");
    public static readonly CodeLanguage TypeScript = Of("typescript", "ts", "deno");
    public static readonly CodeLanguage R = Of("r");
    public static readonly CodeLanguage Java = Of("java", "ijava");
    public static readonly CodeLanguage Bash = Of("bash", "sh");

    public static IReadOnlyList<CodeLanguage> All { get; } = [Python, JavaScript, TypeScript, R, Java, Bash];

    private static readonly FrozenDictionary<string, CodeLanguage> BySpelling =
        All.SelectMany(language => language.Names.Select(name => (name, language)))
            .ToFrozenDictionary(pair => pair.name, pair => pair.language, StringComparer.OrdinalIgnoreCase);

    /// <summary>By any of its spellings, in any case; Python when there is none given.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.InvalidArgument"/>: no such language.</exception>
    public static CodeLanguage Find(string? spelling) =>
        string.IsNullOrEmpty(spelling) ? Python
        : BySpelling.GetValueOrDefault(spelling) ?? throw Fault.Invalid(
            "language", $"language '{(spelling.Length > 40 ? spelling[..40] : spelling)}' is not served: use one of {string.Join(", ", All.Select(l => l.Name))}").AsException();

    private static CodeLanguage Of(string name, params string[] others) => new(name, [name, .. others]);
}
