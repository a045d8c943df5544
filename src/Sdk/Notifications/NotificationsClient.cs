using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Reads, marks and deletes notifications: what a user must know of and was not there to see (contracts/scalebox.md 1.7).</summary>
public sealed class NotificationsClient
{
    private const string Path = "v1/notifications";

    private readonly Transport _transport;

    internal NotificationsClient(Transport transport) => _transport = transport;

    /// <summary>One page of the caller's notifications, newest first.</summary>
    public Task<NotificationPage> ListAsync(NotificationQuery? query = null, CancellationToken cancellation = default)
    {
        NotificationQuery wanted = query ?? new NotificationQuery();
        return _transport.SendAsync(
            ApiRequest.Get(Path + wanted.Render(("read", wanted.IsRead switch { true => "true", false => "false", null => null }), ("type", wanted.Type))),
            SdkJson.Default.NotificationPage, cancellation);
    }

    /// <summary>One notification.</summary>
    public Task<Notification> GetAsync(string notificationId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(notificationId)), SdkJson.Default.Notification, cancellation);

    /// <summary>Marks one as read, or as unread.</summary>
    public Task<Notification> MarkAsync(string notificationId, bool read, CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Patch, $"{PathOf(notificationId)}/{(read ? "read" : "unread")}"), SdkJson.Default.Notification, cancellation);

    /// <summary>Marks all as read, or as unread.</summary>
    public Task MarkAllAsync(bool read, CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Patch, $"{Path}/{(read ? "read-all" : "unread-all")}"), cancellation);

    /// <summary>Deletes one.</summary>
    public Task DeleteAsync(string notificationId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(notificationId)), cancellation);

    /// <summary>Deletes all.</summary>
    public Task DeleteAllAsync(CancellationToken cancellation = default) => _transport.SendAsync(ApiRequest.Delete(Path), cancellation);

    private static string PathOf(string notificationId) => $"{Path}/{ApiRequest.Segment(notificationId)}";
}

/// <summary>Which notifications to list. What is null is no filter.</summary>
public sealed record NotificationQuery : PageQuery
{
    /// <summary>Only those that are read, or only those that are not.</summary>
    public bool? IsRead { get; init; }

    /// <summary>Only those of this type.</summary>
    public string? Type { get; init; }
}

/// <summary>Something that a user must know of.</summary>
public sealed record Notification : ServerRecord
{
    /// <summary><c>ntf-</c> and an id.</summary>
    public required string Id { get; init; }

    /// <summary>In few words.</summary>
    public string? Title { get; init; }

    /// <summary>In more.</summary>
    public string? Message { get; init; }

    /// <summary>Such as sandbox_failed.</summary>
    public string? Type { get; init; }

    /// <summary>Whether it has been read.</summary>
    public bool IsRead { get; init; }

    /// <summary>The sandbox, template or webhook that it is about.</summary>
    public string? RelatedEntityId { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of notifications.</summary>
public sealed record NotificationPage : Page<Notification>
{
    /// <summary>The notifications, newest first.</summary>
    public required List<Notification> Notifications { get; init; }

    /// <summary>How many are unread, of all.</summary>
    public int UnreadCount { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Notification> Items => Notifications;
}
