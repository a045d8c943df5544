using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>Lets a name stand wherever an id does: what has no id's prefix is looked up.</summary>
internal static class Names
{
    public static async Task<string> SnapshotAsync(AtollClient client, string text, CancellationToken cancellation)
    {
        if (text.StartsWith("snp-", StringComparison.Ordinal))
        {
            return text;
        }
        SnapshotPage page = await client.Snapshots.ListAsync(new SnapshotQuery { Name = text }, cancellation).ConfigureAwait(false);
        return One("snapshot", text, page.Snapshots.Where(snapshot => snapshot.Name == text).Select(snapshot => snapshot.SnapshotId));
    }

    private static string One(string noun, string name, IEnumerable<string> ids) => ids.Take(2).ToArray() switch
    {
        [var id] => id,
        [] => throw new CliException($"there is no {noun} '{name}': see 'atoll {noun} list'"),
        _ => throw new CliException($"there are several {noun}s '{name}': give the id, which 'atoll {noun} list' shows"),
    };
}
