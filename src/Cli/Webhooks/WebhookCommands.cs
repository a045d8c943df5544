using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Webhooks;

/// <summary><c>atoll webhook</c>: addresses that are told of events.</summary>
internal static class WebhookCommands
{
    private const string Noun = "webhook";

    public static Command Create(CommandContext context) => new(Noun, "Addresses that are told of events")
    {
        List(context), Get(context), Make(context), Update(context), Delete(context), Deliveries(context), Test(context),
    };

    private static Argument<string> Name => new(Noun) { Description = "The webhook, by name or id" };

    private static Command List(CommandContext context) => Verb.List<WebhookPage, Webhook>(
        context, "List your webhooks", [], (client, _, place, cancellation) => client.Webhooks.ListAsync(place, cancellation),
        json => json.WebhookPage, "webhooks", ["WEBHOOK ID", "NAME", "ACTIVE", "DELIVERED", "FAILED", "URL", "EVENTS"],
        webhook =>
        [
            webhook.WebhookId, webhook.Name, webhook.IsActive ? "yes" : "no", $"{webhook.SuccessfulDeliveries}", $"{webhook.FailedDeliveries}",
            webhook.Url, string.Join(',', webhook.EventTypes),
        ]);

    private static Command Get(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "get", "Show a webhook, without its secret", [name],
            async (client, parsed, cancellation) => await client.Webhooks.GetAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.Webhook, WriteDetails);
    }

    private static Command Make(CommandContext context)
    {
        Settings settings = new();
        settings.Url.Required = true;
        settings.Events.Required = true;
        return Verb.Show(
            context, "create", "Make a webhook: its secret is shown only now", settings.All,
            (client, parsed, cancellation) => client.Webhooks.CreateAsync(settings.Read(parsed), cancellation),
            json => json.Webhook, WriteDetails)
            .WithExamples(context, "atoll webhook create --url https://example.org/hook --events sandbox.failed,sandbox.terminated --name ends");
    }

    private static Command Update(CommandContext context)
    {
        Argument<string> name = Name;
        Settings settings = new();
        return Verb.Show(
            context, "update", "Change a webhook; what is left out stays", [name, .. settings.All],
            async (client, parsed, cancellation) => await client.Webhooks.UpdateAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), settings.Read(parsed), cancellation).ConfigureAwait(false),
            json => json.Webhook, WriteDetails).WithExamples(context, "atoll webhook update ends --active=false");
    }

    private static Command Delete(CommandContext context) => Several.Verb(
        context, "delete", "Delete webhooks, and what waits for them", Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            await client.Webhooks.DeleteAsync(await Names.WebhookAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return "deleted";
        }).WithAlias("rm");

    private static Command Deliveries(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.List<DeliveryPage, WebhookDelivery>(
            context, "List what was delivered and what is to be", [name],
            async (client, parsed, place, cancellation) => await client.Webhooks.DeliveriesAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), place, cancellation).ConfigureAwait(false),
            json => json.DeliveryPage, "deliveries", ["DELIVERY ID", "EVENT", "STATUS", "ATTEMPTS", "REPLY", "NEXT ATTEMPT", "ERROR"],
            delivery =>
            [
                delivery.DeliveryId, delivery.EventType, delivery.Status, $"{delivery.AttemptNumber}", $"{delivery.HttpStatusCode}",
                Table.Time(delivery.NextRetryAt), delivery.ErrorMessage,
            ],
            name: "deliveries");
    }

    private static Command Test(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "test", "Have an event of its own delivered; 'webhook deliveries' tells how that went", [name],
            async (client, parsed, cancellation) => await client.Webhooks.TestAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.WebhookDelivery, (output, delivery) => Table.WriteFields(
                output, ("Delivery ID", delivery.DeliveryId), ("Status", delivery.Status), ("Error", delivery.ErrorMessage)));
    }

    private static Task<string> IdAsync(AtollClient client, ParseResult parsed, Argument<string> name, CancellationToken cancellation) =>
        Names.WebhookAsync(client, parsed.GetRequiredValue(name), cancellation);

    private static void WriteDetails(TextWriter output, Webhook webhook) => Table.WriteFields(
        output, ("Webhook ID", webhook.WebhookId), ("Name", webhook.Name), ("URL", webhook.Url), ("Events", string.Join(", ", webhook.EventTypes)),
        ("Active", webhook.IsActive ? "yes" : $"no{(webhook.DisabledReason is null ? "" : $": {webhook.DisabledReason}")}"),
        ("Delivered", $"{webhook.SuccessfulDeliveries}, given up {webhook.FailedDeliveries}"), ("Created", Table.Time(webhook.CreatedAt)),
        ("Secret", webhook.Secret));

    private sealed class Settings
    {
        public Option<string?> Url { get; } = new("--url") { Description = "Where events go: http or https" };
        public Option<string?> Events { get; } = new("--events") { Description = "Types with commas, such as sandbox.paused; 'sandbox.*' or '*' for many" };

        private readonly Option<string?> _name = new("--name") { Description = "What you call it" };
        private readonly Option<string?> _description = new("--description") { Description = "What it is for" };
        private readonly Option<bool?> _active = new("--active") { Description = "--active=false switches it off" };
        private readonly Option<int?> _timeout = new("--timeout") { Description = "Seconds that one attempt may take" };
        private readonly Option<int?> _retries = new("--max-retries") { Description = "How often a delivery is tried again" };
        private readonly Option<string?> _scope = new("--scope") { Description = "user (default), or for the root user account: told of everybody's events" };

        public IEnumerable<Symbol> All => [Url, Events, _name, _description, _active, _timeout, _retries, _scope];

        public WebhookSpec Read(ParseResult parsed) => new()
        {
            Url = parsed.GetValue(Url), Name = parsed.GetValue(_name), Description = parsed.GetValue(_description), IsActive = parsed.GetValue(_active),
            EventTypes = parsed.GetValue(Events)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            TimeoutSeconds = parsed.GetValue(_timeout), MaxRetries = parsed.GetValue(_retries), Scope = parsed.GetValue(_scope),
        };
    }
}
