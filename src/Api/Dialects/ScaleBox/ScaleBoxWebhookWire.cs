using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>A webhook, with the keys of older clients beside those of newer ones.</summary>
internal sealed record WireWebhook(
    string EndpointId,
    [property: Description("The same as endpoint_id.")] string WebhookId,
    string Name,
    string Url,
    IReadOnlyList<string> EventTypes,
    [property: Description("The same as event_types.")] IReadOnlyList<string> Events,
    bool IsActive,
    [property: Description("Why the server switched it off; null when it did not.")] string? DisabledReason,
    string Description,
    [property: Description("user, or account: told of everybody's events.")] string Scope,
    int TimeoutSeconds,
    int MaxRetries,
    long TotalDeliveries,
    long SuccessfulDeliveries,
    [property: Description("Those that were given up.")] long FailedDeliveries,
    DateTime? LastDeliveryAt,
    DateTime? LastSuccessAt,
    DateTime? LastFailureAt,
    [property: Description("Since when no attempt has succeeded; null when the last one did.")] DateTime? FailingSince,
    DateTime CreatedAt,
    DateTime UpdatedAt,
    [property: Description("Null for one of the whole account.")] string? UserId,
    string AccountId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("whsec_ and base64, for webhook-signature. Only in the replies that make it.")] string? Secret);

internal sealed record WireWebhooks(IReadOnlyList<WireWebhook> Webhooks, WirePagination Pagination);

internal sealed record WireDeletedWebhook(string EndpointId);

internal sealed record WireDelivery(
    string DeliveryId,
    string EndpointId,
    string EventType,
    string EventId,
    [property: Description("pending, delivered or failed.")] string Status,
    int? HttpStatusCode,
    [property: Description("The same as http_status_code.")] int? StatusCode,
    int AttemptNumber,
    [property: Description("The same as attempt_number.")] int Attempt,
    int MaxAttempts,
    long? DurationMs,
    DateTime? LastAttemptAt,
    DateTime? NextRetryAt,
    [property: Description("The same as next_retry_at.")] DateTime? NextAttemptAt,
    DateTime? DeliveredAt,
    DateTime? FailedAt,
    string? ErrorMessage,
    [property: Description("The same as error_message.")] string? Error,
    [property: Description("The delivery that it repeats; null for none.")] string? RedeliveryOf,
    DateTime CreatedAt);

internal sealed record WireDeliveries(IReadOnlyList<WireDelivery> Deliveries, WirePagination Pagination);

internal sealed record WireNewWebhook(
    [property: Description("http or https, without credentials; not of a private address.")] string Url,
    [property: Description("Types of events, sandbox.* and the like, or *. Also events.")] IReadOnlyList<string> EventTypes,
    string? Name,
    string? Description,
    bool? IsActive,
    [property: Description("How long an attempt may take, 5 to 30; 10 when absent.")] int? TimeoutSeconds,
    [property: Description("How often it is tried again within a day, 0 to 32; 32 when absent.")] int? MaxRetries,
    [property: Description("user, or, for admins and the root user, account.")] string? Scope);

/// <summary>What is given is changed.</summary>
internal sealed record WireChangedWebhook(
    string? Url,
    IReadOnlyList<string>? EventTypes,
    string? Name,
    string? Description,
    bool? IsActive,
    int? TimeoutSeconds,
    int? MaxRetries,
    string? Scope);

/// <summary>The body of a delivery.</summary>
internal sealed record WireWebhookBody(string Id, string Type, DateTime Timestamp, WireWebhookData Data);

internal sealed record WireWebhookData(
    long Sequence,
    string? SandboxId,
    string ResourceId,
    string? Status,
    string? PreviousStatus,
    string OwnerUserId,
    string ProjectId,
    string By,
    string Reason,
    IReadOnlyDictionary<string, string> Details);

/// <summary>Webhooks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireWebhook>))]
[JsonSerializable(typeof(WireEnvelope<WireWebhooks>))]
[JsonSerializable(typeof(WireEnvelope<WireDeletedWebhook>))]
[JsonSerializable(typeof(WireEnvelope<WireDelivery>))]
[JsonSerializable(typeof(WireEnvelope<WireDeliveries>))]
[JsonSerializable(typeof(WireNewWebhook))]
[JsonSerializable(typeof(WireChangedWebhook))]
[JsonSerializable(typeof(WireWebhookBody))]
internal sealed partial class WebhookJson : JsonSerializerContext;
