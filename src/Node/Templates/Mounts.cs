using System.Text.RegularExpressions;

namespace Atoll.Node.Templates;

/// <summary>Finds what is mounted beneath a directory, from the text of <c>/proc/self/mountinfo</c>.</summary>
internal static partial class Mounts
{
    /// <summary>Innermost first, so that they can be unmounted in this order.</summary>
    public static IEnumerable<string> Under(string directory, string mountinfo) =>
        mountinfo.Split('\n')
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4)
            .Select(fields => Octal().Replace(fields[4], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString()))
            .Where(point => point == directory || point.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal))
            .Reverse();

    // The kernel writes space, tab, newline and backslash as \040, \011, \012 and \134.
    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Octal();
}
