using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>Lets a name stand wherever an id does: what has no id's prefix is looked up.</summary>
internal static class Names
{
    private const int Most = 100;

    public static Task<string> SnapshotAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "snapshot", "snp-", text, async () =>
            (await client.Snapshots.ListAsync(new SnapshotQuery { Name = text }, cancellation).ConfigureAwait(false))
            .Snapshots.Where(snapshot => snapshot.Name == text).Select(snapshot => snapshot.SnapshotId));

    public static Task<string> ProjectAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "project", "prj-", text, async () =>
            (await client.Projects.ListAsync(new PageQuery { Limit = Most }, text, cancellation).ConfigureAwait(false))
            .Projects.Where(project => project.Name == text).Select(project => project.ProjectId));

    public static Task<string> TemplateAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "template", "tpl-", text, async () =>
            (await client.Templates.ListAsync(new TemplateQuery { Name = text }, cancellation).ConfigureAwait(false))
            .Templates.Where(template => template.Name == text).Select(template => template.TemplateId));

    public static Task<string> ApiKeyAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "api-key", "key-", text, async () =>
            (await client.ApiKeys.PageAsync(new PageQuery { Limit = Most }, text, cancellation).ConfigureAwait(false))
            .ApiKeys.Where(key => key.Name == text).Select(key => key.KeyId));

    public static Task<string> WebhookAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "webhook", "whk-", text, async () =>
            (await client.Webhooks.ListAsync(new PageQuery { Limit = Most }, cancellation).ConfigureAwait(false))
            .Webhooks.Where(webhook => webhook.Name == text).Select(webhook => webhook.WebhookId));

    public static Task<string> UserAsync(AtollClient client, string text, CancellationToken cancellation) => IdAsync(
        "user", "usr-", text, async () =>
            (await client.Users.ListAsync(new PageQuery { Limit = Most }, text, cancellation).ConfigureAwait(false))
            .Users.Where(user => user.Username == text).Select(user => user.UserId));

    private static async Task<string> IdAsync(string noun, string prefix, string text, Func<Task<IEnumerable<string>>> find) =>
        text.StartsWith(prefix, StringComparison.Ordinal) ? text : (await find().ConfigureAwait(false)).Take(2).ToArray() switch
        {
            [var id] => id,
            [] => throw new CliException($"there is no {noun} '{text}': see 'atoll {noun} list'"),
            _ => throw new CliException($"there are several {noun}s '{text}': give the id, which 'atoll {noun} list' shows"),
        };
}
