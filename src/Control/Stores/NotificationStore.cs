using Atoll.Control.Notifications;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Notifications;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Keeps the notifications of each user, so many of the newest.</summary>
internal sealed class NotificationStore(Database database)
{
    internal const int MostPerUser = 1000;

    private const string Matching = "owner = @owner and (@read is null or (read_at is not null) = @read) and (@type is null or type = @type or category = @type)";

    private const string Counts = "select count(*) as total, coalesce(sum(read_at is null), 0) as unread from notifications where owner = @owner";

    /// <summary>Writes down what an event says, if it says anything.</summary>
    public void Note(SqliteConnection connection, LoggedEvent logged)
    {
        NewEvent happened = logged.What;
        if (Notice.Of(happened, WasAskedFor(connection, happened)) is not { } notice)
        {
            return;
        }

        connection.Execute(
            """
            insert into notifications (id, owner, type, category, priority, title, message, entity, created_at)
            values (@Id, @Owner, @Type, @Category, @Priority, @Title, @Message, @Entity, @At);
            delete from notifications where owner = @Owner and seq <= (
                select seq from notifications where owner = @Owner order by seq desc limit 1 offset @MostPerUser)
            """,
            new
            {
                Id = $"ntf-{Ulid.New(logged.At)}", Owner = happened.Owner.Value, notice.Type, notice.Category, notice.Priority, notice.Title,
                notice.Message, Entity = happened.Subject, At = logged.At.ToUnixTimeMilliseconds(), MostPerUser,
            });
    }

    public NotificationPage List(UserId owner, NotificationQuery query) => database.Read(connection =>
    {
        var matching = new { owner = owner.Value, read = query.Read, type = query.Type, limit = query.Limit, offset = query.Offset };
        return new NotificationPage(
            [.. connection.Query<NotificationRow>(
                $"select * from notifications where {Matching} order by seq desc limit @limit offset @offset", matching).Select(row => row.ToNotification())],
            connection.QuerySingle<int>($"select count(*) from notifications where {Matching}", matching),
            Count(connection, owner).Unread);
    });

    public Notification Get(UserId owner, string id) => database.Read(connection => Find(connection, owner, id));

    /// <param name="now">When; null makes it unread again.</param>
    public Task<Notification> SetReadAsync(UserId owner, string id, DateTimeOffset? now) => database.WriteAsync(connection =>
    {
        SetRead(connection, owner, id, now);
        return Find(connection, owner, id);
    });

    public Task<IReadOnlyList<string>> SetReadAsync(UserId owner, IReadOnlyList<string> ids, DateTimeOffset? now) =>
        database.WriteAsync<IReadOnlyList<string>>(connection => [.. ids.Where(id => SetRead(connection, owner, id, now))]);

    public Task<NotificationCounts> SetAllReadAsync(UserId owner, DateTimeOffset? now) => database.WriteAsync(connection =>
    {
        NotificationCounts before = Count(connection, owner);
        connection.Execute(
            now is null
                ? "update notifications set read_at = null where owner = @owner"
                : "update notifications set read_at = @now where owner = @owner and read_at is null",
            new { owner = owner.Value, now = now?.ToUnixTimeMilliseconds() });
        return before;
    });

    public Task DeleteAsync(UserId owner, string id) => database.WriteAsync(connection => Remove(connection, owner, id) ? true : throw Missing(id));

    public Task<IReadOnlyList<string>> DeleteAsync(UserId owner, IReadOnlyList<string> ids) =>
        database.WriteAsync<IReadOnlyList<string>>(connection => [.. ids.Where(id => Remove(connection, owner, id))]);

    public Task<NotificationCounts> DeleteAllAsync(UserId owner) => database.WriteAsync(connection =>
    {
        NotificationCounts before = Count(connection, owner);
        connection.Execute("delete from notifications where owner = @owner", new { owner = owner.Value });
        return before;
    });

    // Whoever asked for a pause hears from the reply that it failed.
    private static bool WasAskedFor(SqliteConnection connection, NewEvent happened) =>
        happened.Type == EventTypes.SandboxPauseFailed && connection.QueryFirstOrDefault<string>(
            "select cause from events where sandbox = @sandbox and type = @type order by seq desc limit 1",
            new { sandbox = happened.Sandbox?.Value, type = EventTypes.SandboxPausing }) is { } cause
            && cause.StartsWith("usr-", StringComparison.Ordinal);

    private static bool SetRead(SqliteConnection connection, UserId owner, string id, DateTimeOffset? now) => connection.Execute(
        "update notifications set read_at = case when @now is null then null else coalesce(read_at, @now) end where id = @id and owner = @owner",
        new { id, owner = owner.Value, now = now?.ToUnixTimeMilliseconds() }) == 1;

    private static bool Remove(SqliteConnection connection, UserId owner, string id) =>
        connection.Execute("delete from notifications where id = @id and owner = @owner", new { id, owner = owner.Value }) == 1;

    private static NotificationCounts Count(SqliteConnection connection, UserId owner)
    {
        (long total, long unread) = connection.QuerySingle<(long, long)>(Counts, new { owner = owner.Value });
        return new NotificationCounts((int)total, (int)unread);
    }

    private static Notification Find(SqliteConnection connection, UserId owner, string id) => connection.QuerySingleOrDefault<NotificationRow>(
        "select * from notifications where id = @id and owner = @owner", new { id, owner = owner.Value })?.ToNotification() ?? throw Missing(id);

    private static FaultException Missing(string id) => Fault.NotFound("notification", id).AsException();

    private sealed class NotificationRow
    {
        public string Id { get; set; } = "";
        public string Owner { get; set; } = "";
        public string Type { get; set; } = "";
        public string Category { get; set; } = "";
        public string Priority { get; set; } = "";
        public string Title { get; set; } = "";
        public string Message { get; set; } = "";
        public string Entity { get; set; } = "";
        public long CreatedAt { get; set; }
        public long? ReadAt { get; set; }

        public Notification ToNotification() => new(
            Id, new UserId(Owner), Type, Category, Priority, Title, Message, Entity, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            ReadAt is { } read ? DateTimeOffset.FromUnixTimeMilliseconds(read) : null);
    }
}
