using Atoll.Domain.Code;

namespace Atoll.Control.Code;

/// <summary>Which kernel of the template runs a language, and how it is told what it has no message for.</summary>
internal static class Kernels
{
    private const string Prefix = "atoll-";

    /// <summary>The name of its kernel specification.</summary>
    public static string Of(CodeLanguage language) => Prefix + language.Name;

    /// <summary>Null for a kernel that is none of ours.</summary>
    public static CodeLanguage? LanguageOf(string kernel) =>
        kernel.StartsWith(Prefix, StringComparison.Ordinal) ? CodeLanguage.All.FirstOrDefault(language => Of(language) == kernel) : null;

    /// <summary>Code that changes the directory; null for languages whose kernels are started where they are wanted.</summary>
    public static string? ChangeDirectory(CodeLanguage language, string path) =>
        language == CodeLanguage.Python ? $"__import__('os').chdir({PythonText(path)})" : null;

    /// <summary>
    /// Code around an execution that sets an environment and takes it back, for a kernel that is not ours and does not
    /// look for it in the request; null for those that do.
    /// </summary>
    public static (string Enter, string Leave)? Environment(CodeLanguage language, IReadOnlyDictionary<string, string> environment)
    {
        if (language != CodeLanguage.R || environment.Count == 0)
        {
            return null;
        }

        string names = string.Join(", ", environment.Keys.Select(RText));
        string values = string.Join(", ", environment.Select(pair => $"{RText(pair.Key)} = {RText(pair.Value)}"));
        return (
            $"options(.atoll_env = Sys.getenv(c({names}), unset = NA, names = TRUE)); do.call(Sys.setenv, list({values}))",
            """
            local({ before <- getOption(".atoll_env"); Sys.unsetenv(names(before)); before <- before[!is.na(before)]
            if (length(before) > 0) do.call(Sys.setenv, as.list(before)); options(.atoll_env = NULL) })
            """);
    }

    private static string PythonText(string text) =>
        "'" + string.Concat(text.EnumerateRunes().Select(rune => $"\\U{rune.Value:x8}")) + "'";

    // R refuses \u escapes of surrogates, and \0; bytes would lose the encoding.
    private static string RText(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
