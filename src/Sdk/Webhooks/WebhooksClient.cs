using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Makes, finds, tries and deletes webhooks: addresses that are told of events (contracts/scalebox.md 1.7).</summary>
public sealed class WebhooksClient
{
    private readonly Transport _transport;

    internal WebhooksClient(Transport transport) => _transport = transport;

    /// <summary>One page of the caller's webhooks.</summary>
    public Task<WebhookPage> ListAsync(PageQuery? query = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get("v1/webhooks" + (query ?? new PageQuery()).Render()), SdkJson.Default.WebhookPage, cancellation);

    /// <summary>One webhook.</summary>
    public Task<Webhook> GetAsync(string webhookId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(webhookId)), SdkJson.Default.Webhook, cancellation);

    /// <summary>Makes a webhook. <see cref="Webhook.Secret"/> of the reply is its only copy.</summary>
    public Task<Webhook> CreateAsync(WebhookSpec spec, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Post("v1/webhooks", spec, SdkJson.Default.WebhookSpec), SdkJson.Default.Webhook, cancellation);

    /// <summary>Changes what is not null.</summary>
    public Task<Webhook> UpdateAsync(string webhookId, WebhookSpec changes, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Put(PathOf(webhookId), changes, SdkJson.Default.WebhookSpec), SdkJson.Default.Webhook, cancellation);

    /// <summary>Deletes a webhook.</summary>
    public Task DeleteAsync(string webhookId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(webhookId)), cancellation);

    /// <summary>What was delivered and what is to be, newest first.</summary>
    public Task<DeliveryPage> DeliveriesAsync(string webhookId, PageQuery? query = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Get($"{PathOf(webhookId)}/deliveries{(query ?? new PageQuery()).Render()}"), SdkJson.Default.DeliveryPage, cancellation);

    /// <summary>Has an event of its own delivered: see <see cref="DeliveriesAsync"/> for how that went.</summary>
    public Task<WebhookDelivery> TestAsync(string webhookId, CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Post, $"{PathOf(webhookId)}/test"), SdkJson.Default.WebhookDelivery, cancellation);

    private static string PathOf(string webhookId) => $"v1/webhooks/{ApiRequest.Segment(webhookId)}";
}

/// <summary>What a webhook is to be, or what is to change of it. What is null takes the server's default, or stays.</summary>
public sealed record WebhookSpec
{
    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>Where events go: http or https.</summary>
    public string? Url { get; init; }

    /// <summary>Types of events; <c>sandbox.*</c> and the like, or <c>*</c>.</summary>
    public IReadOnlyList<string>? EventTypes { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it is told of anything.</summary>
    public bool? IsActive { get; init; }

    /// <summary>Seconds that one attempt may take.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>How often a delivery is tried again.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>user, or for the root user account: told of everybody's events.</summary>
    public string? Scope { get; init; }
}

/// <summary>An address that is told of events.</summary>
public sealed record Webhook : ServerRecord
{
    /// <summary><c>whk-</c> and an id.</summary>
    public required string WebhookId { get; init; }

    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>Where events go.</summary>
    public string? Url { get; init; }

    /// <summary>Types of events.</summary>
    public List<string> EventTypes { get; init; } = [];

    /// <summary>Whether it is told of anything.</summary>
    public bool IsActive { get; init; }

    /// <summary>Why the server switched it off; null when it did not.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Events that arrived.</summary>
    public long SuccessfulDeliveries { get; init; }

    /// <summary>Events that were given up.</summary>
    public long FailedDeliveries { get; init; }

    /// <summary>To check signatures with: only in the replies that make it.</summary>
    public string? Secret { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Its name and address, without the secret.</summary>
    public override string ToString() => $"{Name} ({WebhookId})";
}

/// <summary>One page of webhooks.</summary>
public sealed record WebhookPage : Page<Webhook>
{
    /// <summary>The webhooks.</summary>
    public required List<Webhook> Webhooks { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Webhook> Items => Webhooks;
}

/// <summary>One event for one webhook, and how its last attempt went.</summary>
public sealed record WebhookDelivery : ServerRecord
{
    /// <summary>Its id.</summary>
    public required string DeliveryId { get; init; }

    /// <summary>What happened.</summary>
    public string? EventType { get; init; }

    /// <summary>pending, delivered or failed.</summary>
    public string? Status { get; init; }

    /// <summary>The status that came back; null when none did.</summary>
    public int? HttpStatusCode { get; init; }

    /// <summary>Attempts so far.</summary>
    public int AttemptNumber { get; init; }

    /// <summary>When it is tried again; null for never.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>When it was to be delivered first.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of deliveries.</summary>
public sealed record DeliveryPage : Page<WebhookDelivery>
{
    /// <summary>The deliveries, newest first.</summary>
    public required List<WebhookDelivery> Deliveries { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<WebhookDelivery> Items => Deliveries;
}
