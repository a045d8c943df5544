using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;

namespace Atoll.Control.Stores;

/// <summary>A webhook as its columns hold it.</summary>
internal sealed class WebhookRow
{
    public string Id { get; set; } = "";
    public string Owner { get; set; } = "";
    public string Name { get; set; } = "";
    public string Url { get; set; } = "";
    public string Events { get; set; } = "";
    public string Description { get; set; } = "";
    public bool IsActive { get; set; }
    public string? DisabledReason { get; set; }
    public long TimeoutMs { get; set; }
    public int MaxRetries { get; set; }
    public bool OfAll { get; set; }
    public int Generation { get; set; }
    public long? RotatedAt { get; set; }
    public long? FailingSince { get; set; }
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
    public long Delivered { get; set; }
    public long Failed { get; set; }
    public long? LastSuccessAt { get; set; }
    public long? LastFailureAt { get; set; }

    public static WebhookRow Of(Webhook webhook) => new()
    {
        Id = webhook.Id,
        Owner = webhook.Owner.Value,
        Name = webhook.Name,
        Url = webhook.Url,
        Events = JsonSerializer.Serialize(webhook.Events, WebhookRowJson.Default.IReadOnlyListString),
        Description = webhook.Description,
        IsActive = webhook.IsActive,
        DisabledReason = webhook.DisabledReason,
        TimeoutMs = (long)webhook.Timeout.TotalMilliseconds,
        MaxRetries = webhook.MaxRetries,
        OfAll = webhook.OfAll,
        Generation = webhook.Generation,
        RotatedAt = webhook.RotatedAt?.ToUnixTimeMilliseconds(),
        FailingSince = webhook.FailingSince?.ToUnixTimeMilliseconds(),
        CreatedAt = webhook.CreatedAt.ToUnixTimeMilliseconds(),
        UpdatedAt = webhook.UpdatedAt.ToUnixTimeMilliseconds(),
        Delivered = webhook.Delivered,
        Failed = webhook.Failed,
        LastSuccessAt = webhook.LastSuccessAt?.ToUnixTimeMilliseconds(),
        LastFailureAt = webhook.LastFailureAt?.ToUnixTimeMilliseconds(),
    };

    public Webhook ToWebhook() => new()
    {
        Id = Id,
        Owner = new UserId(Owner),
        Name = Name,
        Url = Url,
        Events = JsonSerializer.Deserialize(Events, WebhookRowJson.Default.IReadOnlyListString)!,
        Description = Description,
        IsActive = IsActive,
        DisabledReason = DisabledReason,
        Timeout = TimeSpan.FromMilliseconds(TimeoutMs),
        MaxRetries = MaxRetries,
        OfAll = OfAll,
        Generation = Generation,
        RotatedAt = Time(RotatedAt),
        FailingSince = Time(FailingSince),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(UpdatedAt),
        Delivered = Delivered,
        Failed = Failed,
        LastSuccessAt = Time(LastSuccessAt),
        LastFailureAt = Time(LastFailureAt),
    };

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class WebhookRowJson : JsonSerializerContext;
