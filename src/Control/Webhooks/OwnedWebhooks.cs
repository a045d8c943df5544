using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;

namespace Atoll.Control.Webhooks;

/// <summary>Webhooks as their owners see them.</summary>
internal sealed class OwnedWebhooks(
    WebhookStore store, DeliveryStore deliveries, WebhookRules rules, WebhookSecrets secrets, TimeProvider time, ControlOptions options) : IWebhooks
{
    private const int MaxLimit = 200;

    public async Task<WebhookSecret> CreateAsync(Caller caller, WebhookSettings settings, CancellationToken cancellation)
    {
        rules.Check(caller, settings);
        DateTimeOffset now = time.Now();
        string url = settings.Url ?? throw Fault.Invalid("url", "url is required").AsException();
        Webhook made = await store.InsertAsync(new Webhook
        {
            Id = $"whk-{caller.Operation?.Id ?? Ulid.New(now)}",
            Owner = caller.User.Id,
            Name = settings.Name ?? new Uri(url).Host,
            Url = url,
            Events = settings.Events ?? throw Fault.Invalid("event_types", "event_types is required").AsException(),
            Description = settings.Description ?? "",
            IsActive = settings.IsActive ?? true,
            Timeout = settings.Timeout ?? options.Webhooks.Timeout,
            MaxRetries = settings.MaxRetries ?? IWebhooks.MaxRetries,
            OfAll = settings.OfAll ?? false,
            CreatedAt = now,
            UpdatedAt = now,
        });
        return new WebhookSecret(made, secrets.Of(made));
    }

    public Task<IReadOnlyList<Webhook>> ListAsync(Caller caller, CancellationToken cancellation) => Task.FromResult(store.List(caller.User.Id));

    public Task<Webhook> GetAsync(Caller caller, string id, CancellationToken cancellation) => Task.FromResult(store.Get(caller.User.Id, id));

    public Task<Webhook> UpdateAsync(Caller caller, string id, WebhookSettings settings, CancellationToken cancellation)
    {
        rules.Check(caller, settings);
        return store.UpdateAsync(caller.User.Id, id, before => Changed(before, settings, time.Now()));
    }

    public Task DeleteAsync(Caller caller, string id, CancellationToken cancellation) => store.DeleteAsync(caller.User.Id, id);

    public async Task<WebhookSecret> RotateAsync(Caller caller, string id, CancellationToken cancellation)
    {
        DateTimeOffset now = time.Now();
        Webhook after = await store.UpdateAsync(
            caller.User.Id, id, before => before with { Generation = before.Generation + 1, RotatedAt = now, UpdatedAt = now });
        return new WebhookSecret(after, secrets.Of(after));
    }

    public Task<DeliveryPage> DeliveriesAsync(Caller caller, string id, int offset, int limit, CancellationToken cancellation) =>
        limit is < 1 or > MaxLimit
            ? throw Fault.Invalid("limit", $"limit must be 1 to {MaxLimit}").AsException()
            : Task.FromResult(deliveries.List(store.Get(caller.User.Id, id), offset, limit));

    public Task<WebhookDelivery> TestAsync(Caller caller, string id, CancellationToken cancellation) =>
        store.TestAsync(caller.User.Id, id, time.Now());

    public Task<WebhookDelivery> RedeliverAsync(Caller caller, string id, string delivery, CancellationToken cancellation) =>
        store.RedeliverAsync(caller.User.Id, id, delivery, time.Now());

    private static Webhook Changed(Webhook before, WebhookSettings settings, DateTimeOffset now)
    {
        bool switchedOn = settings.IsActive is true && !before.IsActive;
        return before with
        {
            Name = settings.Name ?? before.Name,
            Url = settings.Url ?? before.Url,
            Events = settings.Events ?? before.Events,
            Description = settings.Description ?? before.Description,
            IsActive = settings.IsActive ?? before.IsActive,
            DisabledReason = settings.IsActive is null ? before.DisabledReason : null,
            FailingSince = switchedOn ? null : before.FailingSince,
            Timeout = settings.Timeout ?? before.Timeout,
            MaxRetries = settings.MaxRetries ?? before.MaxRetries,
            OfAll = settings.OfAll ?? before.OfAll,
            UpdatedAt = now,
        };
    }
}
