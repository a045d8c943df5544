namespace Atoll.Cli.Files;

/// <summary>
/// Where the files of a sandbox may be put here. Their names come from what may be hostile: none of them may lead out of
/// the directory that the user chose.
/// </summary>
internal static class LocalTree
{
    /// <summary>The place of a remote path below a local directory; null for one that has none there.</summary>
    public static string? PlaceOf(string localRoot, string remoteRoot, string remotePath)
    {
        string prefix = remoteRoot.TrimEnd('/') + "/";
        if (!remotePath.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }
        string[] parts = remotePath[prefix.Length..].Split('/');
        if (parts.Any(part => part is "" or "." or ".." || part.Contains('\0') || part.Contains(Path.DirectorySeparatorChar)))
        {
            return null;
        }
        string at = localRoot;
        foreach (string part in parts[..^1])
        {
            at = Path.Combine(at, part);
            if (new DirectoryInfo(at).LinkTarget is not null)
            {
                return null;
            }
        }
        return Path.Combine(at, parts[^1]);
    }
}
