using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Something that a user must know of, with the keys of older clients beside those of newer ones.</summary>
internal sealed record WireNotification(
    string Id,
    [property: Description("The same as id.")] string NotificationId,
    string UserId,
    string Title,
    string Message,
    [property: Description("Such as sandbox_failed.")] string Type,
    [property: Description("sandbox, template, webhook or quota.")] string Category,
    [property: Description("low, medium or high.")] string Priority,
    bool IsRead,
    [property: Description("read or unread.")] string Status,
    DateTime? ReadAt,
    DateTime CreatedAt,
    string RelatedEntityType,
    string RelatedEntityId,
    [property: Description("The same as related_entity_type.")] string ResourceType,
    [property: Description("The same as related_entity_id.")] string ResourceId);

internal sealed record WireNotifications(IReadOnlyList<WireNotification> Notifications, WirePagination Pagination, int UnreadCount);

/// <summary>What a change of all did.</summary>
internal sealed record WireNotificationCounts(int Processed, int UnreadBefore, int UnreadAfter);

internal sealed record WireNotificationIds(IReadOnlyList<string> NotificationIds);

/// <summary>What a change of several did.</summary>
internal sealed record WireNotificationChanges(int Processed, int Successful, int Failed, WireNotificationOutcome Details);

internal sealed record WireNotificationOutcome(IReadOnlyList<string> SuccessfulIds, IReadOnlyList<string> FailedIds);

/// <summary>Notifications.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireNotification>))]
[JsonSerializable(typeof(WireEnvelope<WireNotifications>))]
[JsonSerializable(typeof(WireEnvelope<WireNotificationCounts>))]
[JsonSerializable(typeof(WireEnvelope<WireNotificationChanges>))]
[JsonSerializable(typeof(WireNotificationIds))]
internal sealed partial class NotificationJson : JsonSerializerContext;
