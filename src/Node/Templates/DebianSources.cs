namespace Atoll.Node.Templates;

/// <summary>Decides from which Debian mirror a template is built.</summary>
internal static class DebianSources
{
    /// <summary>Overrides everything: the URL of a Debian mirror.</summary>
    public const string MirrorVariable = "ATOLL_DEBIAN_MIRROR";

    public const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>What <c>apt-get indextargets</c> is to print for each source, for <see cref="Choose"/>.</summary>
    public const string TargetFormat = "$(REPO_URI)|$(CODENAME)|$(ORIGIN)";

    private const string Official = "http://deb.debian.org/debian";
    private const string OfficialSecurity = "http://deb.debian.org/debian-security";

    /// <summary>The lines of a sources.list for a suite.</summary>
    /// <param name="mirror">The mirror that the operator asked for, if any. It must carry the suite, its updates need not be there.</param>
    /// <param name="hostTargets">What this machine's own apt uses, a line each as <see cref="TargetFormat"/>; empty when it is not Debian.</param>
    public static IReadOnlyList<string> Choose(string suite, IReadOnlyList<string> components, string? mirror, string hostTargets)
    {
        string sections = string.Join(' ', components);
        if (!string.IsNullOrWhiteSpace(mirror))
        {
            return [Line(mirror.Trim(), suite)];
        }

        (string Uri, string Codename)[] debian =
            [.. hostTargets.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(line => line.Split('|'))
                .Where(f => f is [_, _, "Debian" or "Debian Backports"] && IsHttp(f[0]))
                .Select(f => (Uri: f[0].TrimEnd('/'), Codename: f[1]))];
        string[] wanted = [suite, $"{suite}-updates", $"{suite}-security"];
        string[] own = [.. wanted.SelectMany(w => debian.Where(d => d.Codename == w).Take(1).Select(d => Line(d.Uri, w)))];
        if (own.Length > 0 && own[0].Contains($" {suite} ", StringComparison.Ordinal))
        {
            return own;
        }

        // The machine runs another Debian: its mirror carries this suite too. Security updates have a server of their own.
        string main = debian.Where(d => !d.Codename.EndsWith("-security", StringComparison.Ordinal)).Select(d => d.Uri).FirstOrDefault(Official);
        string security = debian.Where(d => d.Codename.EndsWith("-security", StringComparison.Ordinal)).Select(d => d.Uri).FirstOrDefault(OfficialSecurity);
        return [Line(main, suite), Line(main, $"{suite}-updates"), Line(security, $"{suite}-security")];

        string Line(string uri, string name) => $"deb [signed-by={Keyring}] {uri} {name} {sections}";
    }

    private static bool IsHttp(string uri) =>
        uri.StartsWith("http://", StringComparison.Ordinal) || uri.StartsWith("https://", StringComparison.Ordinal);
}
