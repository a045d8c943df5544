using System.Text;
using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Keeps events in the order in which they were committed, also when what they tell of is gone.</summary>
internal sealed class EventStore(Database database)
{
    private const string Insert =
        """
        insert into events (id, type, at, owner, project, subject, sandbox, cause, reason, from_state, to_state, data)
        values (@Id, @Type, @At, @Owner, @Project, @Subject, @Sandbox, @By, @Reason, @FromState, @ToState, @Data) returning seq
        """;

    private const string Ends =
        """
        select coalesce((select min(seq) from events), (select seq + 1 from sqlite_sequence where name = 'events'), 1) as oldest,
            coalesce((select seq from sqlite_sequence where name = 'events'), 0) as newest
        """;

    public LoggedEvent Append(SqliteConnection connection, NewEvent happened, DateTimeOffset at)
    {
        string id = $"evt-{Ulid.New(at)}";
        long sequence = connection.QuerySingle<long>(Insert, new
        {
            Id = id, happened.Type, At = at.ToUnixTimeMilliseconds(), Owner = happened.Owner.Value, happened.Project, happened.Subject,
            Sandbox = happened.Sandbox?.Value, happened.By, happened.Reason, FromState = Word(happened.From), ToState = Word(happened.To),
            Data = JsonSerializer.Serialize(happened.Data, RowJson.Default.IReadOnlyDictionaryStringString),
        });
        return new LoggedEvent(sequence, id, at, happened);
    }

    /// <param name="owner">Whose events; null for everybody's.</param>
    public EventPage List(UserId? owner, EventQuery query) => database.Read(connection =>
    {
        // The ends first: what is committed meanwhile is not on this page and is behind its newest.
        EndsRow ends = connection.QuerySingle<EndsRow>(Ends);
        (string where, DynamicParameters parameters) = Where(owner, query, ends.Newest);
        List<LoggedEvent> found = connection.Query<EventRow>(
            $"select * from events where {where} order by seq {(query.Descending ? "desc" : "asc")} limit @limit", parameters)
            .Select(row => row.ToEvent()).ToList();
        bool more = found.Count > query.Limit;
        return new EventPage(more ? found[..query.Limit] : found, more, ends.Oldest, ends.Newest);
    });

    public LoggedEvent? Find(long sequence) => database.Read(connection => Find(connection, sequence));

    public static LoggedEvent? Find(SqliteConnection connection, long sequence) => connection.QuerySingleOrDefault<EventRow>(
        "select * from events where seq = @sequence", new { sequence })?.ToEvent();

    /// <summary>Removes the oldest: those of before a moment and those beyond a number, at most so many at once.</summary>
    /// <returns>How many.</returns>
    public Task<int> TrimAsync(DateTimeOffset before, long most, int atOnce) => database.WriteAsync(connection => connection.Execute(
        """
        delete from events where seq in (
            select seq from events
            where at < @before or seq <= (select max(seq) from events) - @most order by seq limit @atOnce)
        """,
        new { before = before.ToUnixTimeMilliseconds(), most, atOnce }));

    // Only constant text enters the SQL; everything that a caller says is a parameter.
    private static (string Where, DynamicParameters Parameters) Where(UserId? owner, EventQuery query, long newest)
    {
        var where = new StringBuilder("seq > @since and seq <= @until");
        var parameters = new DynamicParameters();
        parameters.Add("since", query.Since ?? 0);
        parameters.Add("until", Math.Min(newest, query.Before - 1 ?? newest));
        parameters.Add("limit", query.Limit + 1);
        Restrict(owner is not null, "owner = @owner", "owner", owner?.Value);
        Restrict(query.Filter.Sandbox is not null, "sandbox = @sandbox", "sandbox", query.Filter.Sandbox?.Value);
        Restrict(query.Filter.Types.Count > 0, "type in @types", "types", query.Filter.Types);
        Restrict(query.Start is not null, "at >= @start", "start", query.Start?.ToUnixTimeMilliseconds());
        Restrict(query.End is not null, "at < @end", "end", query.End?.ToUnixTimeMilliseconds());
        return (where.ToString(), parameters);

        void Restrict(bool wanted, string condition, string name, object? value)
        {
            if (wanted)
            {
                where.Append(" and ").Append(condition);
                parameters.Add(name, value);
            }
        }
    }

    private static string? Word(SandboxState? state) => state is { } known ? SandboxRow.Word(known) : null;

    private sealed class EndsRow
    {
        public long Oldest { get; set; }
        public long Newest { get; set; }
    }

    private sealed class EventRow
    {
        public long Seq { get; set; }
        public string Id { get; set; } = "";
        public string Type { get; set; } = "";
        public long At { get; set; }
        public string Owner { get; set; } = "";
        public string? Project { get; set; }
        public string Subject { get; set; } = "";
        public string? Sandbox { get; set; }
        public string Cause { get; set; } = "";
        public string Reason { get; set; } = "";
        public string? FromState { get; set; }
        public string? ToState { get; set; }
        public string Data { get; set; } = "";

        public LoggedEvent ToEvent() => new(Seq, Id, DateTimeOffset.FromUnixTimeMilliseconds(At), new NewEvent(Type, new UserId(Owner), Subject)
        {
            Sandbox = Sandbox is null ? null : SandboxId.Parse(Sandbox),
            Project = Project,
            By = Cause,
            Reason = Reason,
            From = State(FromState),
            To = State(ToState),
            Data = JsonSerializer.Deserialize(Data, RowJson.Default.IReadOnlyDictionaryStringString)!,
        });

        private static SandboxState? State(string? word) => word is null ? null : Enum.Parse<SandboxState>(word, ignoreCase: true);
    }
}
