using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Notifications;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lets users read, mark and remove their notifications.</summary>
internal sealed class ScaleBoxNotifications(INotifications notifications, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a notification's id.</summary>
    public const string IdParameter = "notification_id";

    private const int StandardLimit = 50;

    private static readonly Dictionary<string, bool?> Reads = new(StringComparer.OrdinalIgnoreCase) { ["true"] = true, ["false"] = false };

    private static readonly Dictionary<string, bool?> Statuses = new(StringComparer.OrdinalIgnoreCase) { ["read"] = true, ["unread"] = false, ["all"] = null };

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        IQueryCollection query = http.Request.Query;
        Paging paging = Paging.Read(query, StandardLimit);
        bool? read = QueryValues.Choice(query, "read", null, Reads) ?? QueryValues.Choice(query, "status", null, Statuses);
        string? type = QueryValues.Text(query, "type");
        NotificationPage page = await notifications.ListAsync(
            http.Caller(), new NotificationQuery(paging.Offset, paging.Limit, read, type == "all" ? null : type), cancellation);
        return reply.Data(new WireNotifications(
            [.. page.Notifications.Select(Notification)], ScaleBoxReply.Pagination(paging, page.Total), page.Unread));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(Notification(await notifications.GetAsync(http.Caller(), Id(http), cancellation)));

    public Task<IResult> ReadAsync(HttpContext http, CancellationToken cancellation) => SetAsync(http, true, cancellation);

    public Task<IResult> UnreadAsync(HttpContext http, CancellationToken cancellation) => SetAsync(http, false, cancellation);

    public Task<IResult> ReadAllAsync(HttpContext http, CancellationToken cancellation) => SetAllAsync(http, true, cancellation);

    public Task<IResult> UnreadAllAsync(HttpContext http, CancellationToken cancellation) => SetAllAsync(http, false, cancellation);

    public Task<IResult> BulkReadAsync(HttpContext http, CancellationToken cancellation) => SetManyAsync(http, true, cancellation);

    public Task<IResult> BulkUnreadAsync(HttpContext http, CancellationToken cancellation) => SetManyAsync(http, false, cancellation);

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await notifications.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(Outcome([Id(http)], [Id(http)]), "Notification deleted successfully");
    }

    public async Task<IResult> DeleteAllAsync(HttpContext http, CancellationToken cancellation)
    {
        NotificationCounts before = await notifications.DeleteAllAsync(http.Caller(), cancellation);
        return reply.Data(new WireNotificationCounts(before.Total, before.Unread, 0), "All notifications deleted successfully");
    }

    public async Task<IResult> BulkDeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        IReadOnlyList<string> ids = await IdsAsync(http, cancellation);
        return reply.Data(Outcome(ids, await notifications.DeleteAsync(http.Caller(), ids, cancellation)), "Notifications deleted successfully");
    }

    private async Task<IResult> SetAsync(HttpContext http, bool read, CancellationToken cancellation) => reply.Data(
        Notification(await notifications.SetReadAsync(http.Caller(), Id(http), read, cancellation)), $"Notification marked as {Word(read)}");

    private async Task<IResult> SetAllAsync(HttpContext http, bool read, CancellationToken cancellation)
    {
        NotificationCounts before = await notifications.SetAllReadAsync(http.Caller(), read, cancellation);
        int processed = read ? before.Unread : before.Total - before.Unread;
        return reply.Data(
            new WireNotificationCounts(processed, before.Unread, read ? 0 : before.Total), $"All notifications marked as {Word(read)}");
    }

    private async Task<IResult> SetManyAsync(HttpContext http, bool read, CancellationToken cancellation)
    {
        IReadOnlyList<string> ids = await IdsAsync(http, cancellation);
        return reply.Data(
            Outcome(ids, await notifications.SetReadAsync(http.Caller(), ids, read, cancellation)), $"Notifications marked as {Word(read)}");
    }

    private static async Task<IReadOnlyList<string>> IdsAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        IReadOnlyList<string> ids = body.Strings("notification_ids");
        return ids.Count is > 0 and <= INotifications.MostAtOnce
            ? [.. ids.Distinct()]
            : throw Fault.Invalid("notification_ids", $"notification_ids must hold 1 to {INotifications.MostAtOnce} ids").AsException();
    }

    private static WireNotificationChanges Outcome(IReadOnlyList<string> asked, IReadOnlyList<string> done)
    {
        string[] failed = [.. asked.Except(done)];
        return new WireNotificationChanges(asked.Count, done.Count, failed.Length, new WireNotificationOutcome(done, failed));
    }

    private static WireNotification Notification(Notification one)
    {
        string entity = ScaleBoxEvents.Resource(one.Category, one.Entity);
        bool read = one.ReadAt is not null;
        return new WireNotification(
            one.Id, one.Id, one.Owner.Value, one.Title, one.Message, one.Type, one.Category, one.Priority, read, Word(read),
            one.ReadAt?.UtcDateTime, one.CreatedAt.UtcDateTime, one.Category, entity, one.Category, entity);
    }

    private static string Word(bool read) => read ? "read" : "unread";

    private static string Id(HttpContext http) => http.Request.RouteValues[IdParameter] as string ?? "";
}
