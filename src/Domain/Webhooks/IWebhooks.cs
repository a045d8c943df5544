using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Webhooks;

/// <summary>
/// Addresses that are told of events as they happen. Each event is delivered at least once, to one webhook in order, also when
/// the server is killed in between; what cannot be delivered is tried again for a day. Another user's webhook is not found.
/// </summary>
public interface IWebhooks
{
    const int MostPerUser = 20;

    /// <summary>The longest that one attempt may be given.</summary>
    static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The shortest.</summary>
    static readonly TimeSpan MinTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What fits into the day for which a delivery is tried.</summary>
    const int MaxRetries = 32;

    Task<WebhookSecret> CreateAsync(Caller caller, WebhookSettings settings, CancellationToken cancellation);

    Task<IReadOnlyList<Webhook>> ListAsync(Caller caller, CancellationToken cancellation);

    Task<Webhook> GetAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>Changes what is not null. One that is switched on, or has another address, is tried again at once.</summary>
    Task<Webhook> UpdateAsync(Caller caller, string id, WebhookSettings settings, CancellationToken cancellation);

    Task DeleteAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>Gives it another secret. For a day it is signed with both.</summary>
    Task<WebhookSecret> RotateAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>What was delivered and what is to be, newest first.</summary>
    Task<DeliveryPage> DeliveriesAsync(Caller caller, string id, int offset, int limit, CancellationToken cancellation);

    /// <summary>Has an event of its own delivered, <see cref="EventTypes.WebhookTest"/>. <see cref="FaultCode.WrongState"/> when it is switched off.</summary>
    Task<WebhookDelivery> TestAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>Has an event delivered once more, behind those that wait. <see cref="FaultCode.WrongState"/> when it is switched off or the event is kept no more.</summary>
    Task<WebhookDelivery> RedeliverAsync(Caller caller, string id, string delivery, CancellationToken cancellation);
}

/// <summary>What a user may say of a webhook; null for what is to stay, or to be as usual.</summary>
public sealed record WebhookSettings
{
    public string? Name { get; init; }

    /// <summary>Absolute, of http or https, without credentials, and not of a private address.</summary>
    public string? Url { get; init; }

    /// <summary>Types of events, <c>sandbox.*</c> and the like, or <c>*</c>.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    public string? Description { get; init; }

    public bool? IsActive { get; init; }

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often a delivery is tried again within its day.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Whether it is told of everybody's events; only for admins and the root user.</summary>
    public bool? OfAll { get; init; }
}

public sealed record Webhook
{
    /// <summary><c>whk-</c> and a ULID.</summary>
    public required string Id { get; init; }
    public required UserId Owner { get; init; }
    public required string Name { get; init; }
    public required string Url { get; init; }
    public required IReadOnlyList<string> Events { get; init; }
    public string Description { get; init; } = "";
    public bool IsActive { get; init; } = true;

    /// <summary>Why the server switched it off; null when it did not.</summary>
    public string? DisabledReason { get; init; }
    public required TimeSpan Timeout { get; init; }
    public required int MaxRetries { get; init; }
    public bool OfAll { get; init; }

    /// <summary>How often its secret was changed.</summary>
    public int Generation { get; init; }

    /// <summary>When it was changed last; null when never.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>Since when no delivery has succeeded; null when the last one did.</summary>
    public DateTimeOffset? FailingSince { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public long Delivered { get; init; }
    public long Failed { get; init; }
    public DateTimeOffset? LastSuccessAt { get; init; }
    public DateTimeOffset? LastFailureAt { get; init; }
}

/// <param name="Secret"><c>whsec_</c> and base64, to check signatures with; shown only now.</param>
public sealed record WebhookSecret(Webhook Webhook, string Secret);

public enum DeliveryState
{
    Pending,
    Delivered,

    /// <summary>Given up.</summary>
    Failed,
}

/// <summary>One event for one webhook, and how its last attempt went.</summary>
public sealed record WebhookDelivery
{
    /// <summary><c>whd-</c> and a ULID.</summary>
    public required string Id { get; init; }
    public required string Webhook { get; init; }
    public required string EventId { get; init; }
    public required string EventType { get; init; }
    public required DeliveryState State { get; init; }
    public required int Attempts { get; init; }
    public required int MaxAttempts { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null when there is none to come.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
    public DateTimeOffset? LastAttemptAt { get; init; }

    /// <summary>When it was delivered or given up; null while it is pending.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The status that came back; null when none did.</summary>
    public int? StatusCode { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Error { get; init; }
    public TimeSpan? Duration { get; init; }

    /// <summary>The delivery that it repeats; null for none.</summary>
    public string? Repeats { get; init; }
}

public sealed record DeliveryPage(IReadOnlyList<WebhookDelivery> Deliveries, int Total);

/// <summary>Says an event in the words of the dialect whose webhooks these are.</summary>
public interface IWebhookBodies
{
    /// <summary>JSON in UTF-8; the same for the same event.</summary>
    byte[] Of(LoggedEvent logged);
}
