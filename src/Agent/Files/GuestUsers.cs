using System.Globalization;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// The users and groups of the sandbox's own /etc/passwd and /etc/group, read again when those have changed. May be asked
/// from any thread.
/// </summary>
internal sealed class GuestUsers(string passwdPath = "/etc/passwd", string groupPath = "/etc/group")
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, UserEntry> _found = [];
    private FileStatus _passwdStatus;
    private FileStatus _groupStatus;
    private string _passwd = "";
    private string _group = "";
    private Dictionary<uint, string> _users = [];
    private Dictionary<uint, string> _groups = [];

    /// <exception cref="AgentErrorException">There is no such user.</exception>
    public UserEntry Find(string name)
    {
        lock (_lock)
        {
            Refresh();
            if (_found.TryGetValue(name, out UserEntry? known))
            {
                return known;
            }

            UserEntry user = UserDatabase.Find(_passwd, _group, name)
                // A file system without /etc/passwd still has a root.
                ?? (name == "root" ? new UserEntry("root", 0, 0, "/root", "/bin/sh", [0]) : null)
                ?? throw new AgentErrorException(AgentErrorCode.NoSuchUser, $"no user '{name}' in the sandbox: give a name from /etc/passwd or a uid");
            if (_found.Count < 64)
            {
                _found[name] = user;
            }

            return user;
        }
    }

    /// <summary>Names for numbers, as of now; a number without a name is told as such.</summary>
    public (Func<uint, string> User, Func<uint, string> Group) Names()
    {
        lock (_lock)
        {
            Refresh();
            return (NameIn(_users), NameIn(_groups));
        }
    }

    private static Func<uint, string> NameIn(Dictionary<uint, string> names) =>
        number => names.TryGetValue(number, out string? name) ? name : number.ToString(CultureInfo.InvariantCulture);

    private void Refresh()
    {
        if (HasChanged(passwdPath, ref _passwdStatus) | HasChanged(groupPath, ref _groupStatus))
        {
            (_passwd, _group) = (ReadText(passwdPath), ReadText(groupPath));
            (_users, _groups) = (Numbers(_passwd), Numbers(_group));
            _found.Clear();
        }
    }

    private static bool HasChanged(string path, ref FileStatus known)
    {
        FileStatusCalls.Look(null, new KernelPath(path), follow: true, out FileStatus now);
        bool changed = now != known;
        known = now;
        return changed;
    }

    // A guest may put a FIFO there, or a file without an end.
    private static string ReadText(string path)
    {
        byte[] text = new byte[256 * 1024];
        using Descriptor? file = PathCalls.Open(null, new KernelPath(path), OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out _);
        if (file is null || !FileStatusCalls.Of(file).IsRegular)
        {
            return "";
        }

        int length = 0;
        for (int count; length < text.Length && (count = FileBytes.Read(file, text.AsSpan(length), length)) > 0; length += count)
        {
        }

        return System.Text.Encoding.UTF8.GetString(text, 0, length);
    }

    // Both files have the name first and the number third. The first line of a number wins.
    private static Dictionary<uint, string> Numbers(string text)
    {
        Dictionary<uint, string> names = [];
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 3 && fields[0].Length is > 0 and < 256 / 3
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                names.TryAdd(number, fields[0]);
            }
        }

        return names;
    }
}
