using System.Security.Cryptography;
using System.Text;

namespace Atoll.Node.Templates;

/// <summary>
/// The digest of a root file system: SHA-256 over one line for each entry, sorted by path, of its path, type, mode, owner,
/// size, link target and (for regular files) SHA-256 of its content.
/// </summary>
internal static class TemplateTree
{
    // Fields of one entry end with NUL, which no path holds: path, type, mode, uid, gid, size, link target.
    private const string EntryFormat = @"%P\0%y\0%m\0%U\0%G\0%s\0%l\0";
    private const int FieldCount = 7;

    public static async Task<(string Digest, long Size)> MeasureAsync(string root, CancellationToken cancellation)
    {
        string listing = await BuildTool.RunAsync("find", [root, "-mindepth", "1", "-printf", EntryFormat], null, cancellation);
        string[][] entries = [.. listing.Split('\0').Chunk(FieldCount).Where(entry => entry.Length == FieldCount)];
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a[0], b[0]));

        string[] lines = new string[entries.Length];
        await Parallel.ForAsync(0, entries.Length, cancellation, async (i, token) => lines[i] = await LineAsync(root, entries[i], token));

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in lines)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(line));
        }

        long size = entries.Where(IsRegular).Sum(entry => long.Parse(entry[5]));
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), size);
    }

    private static async Task<string> LineAsync(string root, string[] entry, CancellationToken cancellation)
    {
        string content = "";
        if (IsRegular(entry))
        {
            await using FileStream file = File.OpenRead(Path.Combine(root, entry[0]));
            content = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        }
        else
        {
            // The size of a directory depends on the file system that it happens to be on.
            entry[5] = "0";
        }

        return string.Join('\0', entry) + "\0" + content + "\n";
    }

    private static bool IsRegular(string[] entry) => entry[1] == "f";
}
