using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Notifications;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Notifications;

/// <summary>Notifications as those whom they are for see them.</summary>
internal sealed class OwnedNotifications(NotificationStore store, TimeProvider time) : INotifications
{
    private const int MaxLimit = 100;

    public Task<NotificationPage> ListAsync(Caller caller, NotificationQuery query, CancellationToken cancellation) =>
        query.Limit is < 1 or > MaxLimit
            ? throw Fault.Invalid("limit", $"limit must be 1 to {MaxLimit}").AsException()
            : Task.FromResult(store.List(caller.User.Id, query));

    public Task<Notification> GetAsync(Caller caller, string id, CancellationToken cancellation) => Task.FromResult(store.Get(caller.User.Id, id));

    public Task<Notification> SetReadAsync(Caller caller, string id, bool read, CancellationToken cancellation) =>
        store.SetReadAsync(caller.User.Id, id, Moment(read));

    public Task<IReadOnlyList<string>> SetReadAsync(Caller caller, IReadOnlyList<string> ids, bool read, CancellationToken cancellation) =>
        store.SetReadAsync(caller.User.Id, Checked(ids), Moment(read));

    public Task<NotificationCounts> SetAllReadAsync(Caller caller, bool read, CancellationToken cancellation) =>
        store.SetAllReadAsync(caller.User.Id, Moment(read));

    public Task DeleteAsync(Caller caller, string id, CancellationToken cancellation) => store.DeleteAsync(caller.User.Id, id);

    public Task<IReadOnlyList<string>> DeleteAsync(Caller caller, IReadOnlyList<string> ids, CancellationToken cancellation) =>
        store.DeleteAsync(caller.User.Id, Checked(ids));

    public Task<NotificationCounts> DeleteAllAsync(Caller caller, CancellationToken cancellation) => store.DeleteAllAsync(caller.User.Id);

    private DateTimeOffset? Moment(bool read) => read ? time.Now() : null;

    private static IReadOnlyList<string> Checked(IReadOnlyList<string> ids) => ids.Count is < 1 or > INotifications.MostAtOnce
        ? throw Fault.Invalid("notification_ids", $"notification_ids must be 1 to {INotifications.MostAtOnce} ids").AsException()
        : [.. ids.Distinct()];
}
