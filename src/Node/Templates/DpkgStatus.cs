namespace Atoll.Node.Templates;

/// <summary>Reads which packages a Debian root file system holds, from the text of its <c>/var/lib/dpkg/status</c>.</summary>
internal static class DpkgStatus
{
    /// <summary>Version by package, of those that are installed.</summary>
    public static SortedDictionary<string, string> Parse(string text)
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string paragraph in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string? package = null, version = null;
            bool installed = false;
            foreach (string line in paragraph.Split('\n'))
            {
                if (Value(line, "Package: ") is { } name)
                {
                    package = name;
                }
                else if (Value(line, "Version: ") is { } number)
                {
                    version = number;
                }
                else if (Value(line, "Status: ") is { } status)
                {
                    installed = status.EndsWith(" installed", StringComparison.Ordinal);
                }
            }

            if (installed && package is not null && version is not null)
            {
                versions[package] = version;
            }
        }

        return versions;
    }

    private static string? Value(string line, string field) =>
        line.StartsWith(field, StringComparison.Ordinal) ? line[field.Length..].Trim() : null;
}
