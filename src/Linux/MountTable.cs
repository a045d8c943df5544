using System.Text;

namespace Atoll.Linux;

/// <summary>One mount as /proc/self/mountinfo tells it; proc_pid_mountinfo(5).</summary>
/// <param name="Root">The directory of the file system that is mounted.</param>
/// <param name="Target">Where.</param>
/// <param name="Type">The file system type, such as <c>ext4</c>.</param>
/// <param name="Source">The device or another name.</param>
/// <param name="SuperOptions">Options of the file system, such as the controllers of a cgroup mount.</param>
public sealed record MountEntry(string Root, string Target, string Type, string Source, IReadOnlyList<string> SuperOptions);

/// <summary>Reads the table of mounts of this process.</summary>
public static class MountTable
{
    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>Parses mountinfo text; lines that are not in its format are left out.</summary>
    public static IReadOnlyList<MountEntry> Parse(string text)
    {
        List<MountEntry> entries = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-");
            if (separator >= 6 && fields.Length >= separator + 4)
            {
                entries.Add(new MountEntry(
                    Unescape(fields[3]), Unescape(fields[4]), fields[separator + 1], Unescape(fields[separator + 2]),
                    fields[separator + 3].Split(',')));
            }
        }

        return entries;
    }

    // Space, tab, newline and backslash are written as \ and three octal digits.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\'))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((text[i + 1] - '0') * 64) + ((text[i + 2] - '0') * 8) + (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
