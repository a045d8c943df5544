using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Notifications;

/// <summary>What a user must know of and may not have been there to see. Each user has those of its own; the oldest go when there are many.</summary>
public interface INotifications
{
    /// <summary>The most ids in one call.</summary>
    const int MostAtOnce = 100;

    Task<NotificationPage> ListAsync(Caller caller, NotificationQuery query, CancellationToken cancellation);

    Task<Notification> GetAsync(Caller caller, string id, CancellationToken cancellation);

    Task<Notification> SetReadAsync(Caller caller, string id, bool read, CancellationToken cancellation);

    /// <summary>Which of them there are, in the order asked for; they are read or unread now.</summary>
    Task<IReadOnlyList<string>> SetReadAsync(Caller caller, IReadOnlyList<string> ids, bool read, CancellationToken cancellation);

    /// <summary>How many were unread before, and how many notifications there are.</summary>
    Task<NotificationCounts> SetAllReadAsync(Caller caller, bool read, CancellationToken cancellation);

    Task DeleteAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>Which of them there were.</summary>
    Task<IReadOnlyList<string>> DeleteAsync(Caller caller, IReadOnlyList<string> ids, CancellationToken cancellation);

    /// <summary>How many there were, and how many of them unread.</summary>
    Task<NotificationCounts> DeleteAllAsync(Caller caller, CancellationToken cancellation);
}

/// <param name="Id"><c>ntf-</c> and a ULID.</param>
/// <param name="Type">What it is about, such as <c>sandbox_failed</c>.</param>
/// <param name="Category">The kind of thing that it is about: <c>sandbox</c>, <c>template</c>, <c>webhook</c> or <c>quota</c>.</param>
/// <param name="Priority"><c>low</c>, <c>medium</c> or <c>high</c>.</param>
/// <param name="Entity">Id of that thing, in the domain's own spelling.</param>
public sealed record Notification(
    string Id, UserId Owner, string Type, string Category, string Priority, string Title, string Message, string Entity,
    DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>Which part of which notifications is wanted; the newest come first.</summary>
/// <param name="Type">A type or a category; null for all.</param>
public sealed record NotificationQuery(int Offset, int Limit, bool? Read = null, string? Type = null);

/// <param name="Total">How many fit the query.</param>
/// <param name="Unread">How many of all are unread, whatever the query.</param>
public sealed record NotificationPage(IReadOnlyList<Notification> Notifications, int Total, int Unread);

public sealed record NotificationCounts(int Total, int Unread);
