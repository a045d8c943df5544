using Atoll.Control.Events;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers snapshots, and that they came and went as events in the same transaction.</summary>
internal sealed class SnapshotStore(Database database, EventLog events)
{
    private const string Insert =
        """
        insert into snapshots (id, owner, name, image, sandbox, template, template_name, cpu_count, memory_mb, storage_gb, environment, bytes, created_at)
        values (@Id, @Owner, @Name, @Image, @Sandbox, @Template, @TemplateName, @CpuCount, @MemoryMb, @StorageGb, @Environment, @Bytes, @CreatedAt)
        """;

    private const string Matches =
        "owner = @owner and (@sandbox is null or sandbox = @sandbox) and (@name is null or name = @name)";

    /// <exception cref="FaultException"><see cref="FaultCode.AlreadyExists"/> when the name is taken, <see cref="FaultCode.QuotaExceeded"/> when there are so many.</exception>
    public Task InsertAsync(Snapshot snapshot, int most, string cause) => database.WriteAsync(connection =>
    {
        Check(connection, snapshot.Owner, snapshot.Name, most);
        connection.Execute(Insert, SnapshotRow.Of(snapshot));
        return events.Append(connection, Event(EventTypes.SnapshotCreated, snapshot, cause), snapshot.CreatedAt);
    });

    /// <summary>Whether one more of this name may be made, before an image is taken for it.</summary>
    /// <exception cref="FaultException">As <see cref="InsertAsync"/>.</exception>
    public void Check(UserId owner, string? name, int most) => database.Read(connection =>
    {
        Check(connection, owner, name, most);
        return true;
    });

    /// <returns>False when it was gone already.</returns>
    public Task<bool> RemoveAsync(Snapshot snapshot, string cause, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        bool gone = connection.Execute("delete from snapshots where id = @id", new { id = snapshot.Id.Value }) == 1;
        if (gone)
        {
            events.Append(connection, Event(EventTypes.SnapshotDeleted, snapshot, cause), now);
        }

        return gone;
    });

    public Snapshot? Find(SnapshotId id) => database.Read(connection => connection.QuerySingleOrDefault<SnapshotRow>(
        "select * from snapshots where id = @id", new { id = id.Value }))?.ToSnapshot();

    public Snapshot? Find(UserId owner, string name) => database.Read(connection => connection.QuerySingleOrDefault<SnapshotRow>(
        "select * from snapshots where owner = @owner and name = @name", new { owner = owner.Value, name }))?.ToSnapshot();

    public SnapshotPage List(UserId owner, SnapshotQuery query)
    {
        var parameters = new
        {
            owner = owner.Value, sandbox = query.Sandbox?.Value, name = query.Name, after = query.After?.Value, limit = query.Limit, offset = query.Offset,
        };

        // Ids begin with the moment of their making.
        return database.Read(connection => new SnapshotPage(
            [.. connection.Query<SnapshotRow>(
                $"select * from snapshots where {Matches} and (@after is null or id < @after) order by id desc limit @limit offset @offset", parameters)
                .Select(row => row.ToSnapshot())],
            connection.QuerySingle<int>($"select count(*) from snapshots where {Matches}", parameters)));
    }

    private static void Check(SqliteConnection connection, UserId owner, string? name, int most)
    {
        if (name is not null
            && connection.QuerySingle<bool>("select exists (select 1 from snapshots where owner = @owner and name = @name)", new { owner = owner.Value, name }))
        {
            throw new Fault(FaultCode.AlreadyExists, $"you have a snapshot '{name}' already: choose another name, or delete that", "name").AsException();
        }

        int count = connection.QuerySingle<int>("select count(*) from snapshots where owner = @owner", new { owner = owner.Value });
        if (count >= most)
        {
            throw new Fault(FaultCode.QuotaExceeded, $"you have {count} snapshots, the most there may be: delete some first").AsException();
        }
    }

    private static NewEvent Event(string type, Snapshot snapshot, string cause) => new(type, snapshot.Owner, snapshot.Id.Value)
    {
        Sandbox = snapshot.Sandbox,
        By = cause,
        Data = new Dictionary<string, string>
        {
            ["name"] = snapshot.Name ?? "",
            ["template_id"] = snapshot.Template.Value,
            ["template_name"] = snapshot.TemplateName,
        },
    };
}
