using System.Globalization;

namespace Atoll.Linux;

/// <summary>A user as a process needs it.</summary>
public sealed record UserEntry(string Name, uint Uid, uint Gid, string Home, string Shell, IReadOnlyList<uint> Groups);

/// <summary>Finds users in the text of /etc/passwd and /etc/group (passwd(5), group(5)); malformed lines are skipped.</summary>
public static class UserDatabase
{
    /// <summary>Finds a user by name or by number; a number without an entry is a user too, with home "/".</summary>
    /// <returns>Null when there is no such name.</returns>
    public static UserEntry? Find(string passwd, string group, string nameOrUid)
    {
        bool numeric = uint.TryParse(nameOrUid, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid);
        foreach (string line in passwd.Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 7
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint entryUid)
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid)
                && (fields[0] == nameOrUid || (numeric && entryUid == uid)))
            {
                return new UserEntry(fields[0], entryUid, gid, fields[5], fields[6], GroupsOf(group, fields[0], gid));
            }
        }

        // (uint)-1 means "leave as it is" to setresuid.
        return numeric && uid != uint.MaxValue ? new UserEntry(nameOrUid, uid, uid, "/", "/bin/sh", [uid]) : null;
    }

    /// <summary>The number of a group; null when there is none of that name.</summary>
    public static uint? FindGroup(string group, string name) =>
        group.Split('\n').Select(line => line.Split(':'))
            .Where(fields => fields.Length >= 4 && fields[0] == name)
            .Select(fields => uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid) ? gid : (uint?)null)
            .FirstOrDefault();

    private static IReadOnlyList<uint> GroupsOf(string group, string user, uint primary)
    {
        List<uint> groups = [primary];
        foreach (string line in group.Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 4
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid)
                && gid != primary
                && fields[3].Split(',').Contains(user))
            {
                groups.Add(gid);
            }
        }

        return groups;
    }
}
