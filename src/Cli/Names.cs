using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>Lets a name stand wherever an id does: what has no id's prefix is looked up.</summary>
internal static class Names
{
    public static Task<string> SnapshotAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "snapshot", "snp-", text, async () =>
            (await client.Snapshots.ListAsync(new SnapshotQuery { Name = text }, cancellation).ConfigureAwait(false))
            .Snapshots.Where(snapshot => snapshot.Name == text).Select(snapshot => snapshot.SnapshotId));

    public static Task<string> ProjectAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "project", "prj-", text, async () =>
            (await client.Projects.ListAsync(new PageQuery { Limit = 100 }, text, cancellation).ConfigureAwait(false))
            .Projects.Where(project => project.Name == text).Select(project => project.ProjectId));

    private static async Task<string> IdAsync(string noun, string prefix, string text, Func<Task<IEnumerable<string>>> find) =>
        text.StartsWith(prefix, StringComparison.Ordinal) ? text : (await find().ConfigureAwait(false)).Take(2).ToArray() switch
        {
            [var id] => id,
            [] => throw new CliException($"there is no {noun} '{text}': see 'atoll {noun} list'"),
            _ => throw new CliException($"there are several {noun}s '{text}': give the id, which 'atoll {noun} list' shows"),
        };
}
