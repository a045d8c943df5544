using Atoll.Domain.Idempotency;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers requests with an Idempotency-Key: a hash of the key, a digest of the request, and the sealed answer once there is one.</summary>
internal sealed class RequestStore(Database database)
{
    // What goes beyond the bounds of a user between two of these is little.
    private const int InsertsBetweenPrunes = 128;
    private int _inserts;

    /// <summary>The request that is remembered under this key since a moment; the new one is stored when there is none.</summary>
    public Task<RequestRow> FindOrInsertAsync(RequestRow wanted, DateTimeOffset since) => database.WriteAsync(connection =>
    {
        connection.Execute(
            "delete from requests where owner = @Owner and key = @Key and at <= @since",
            new { wanted.Owner, wanted.Key, since = since.ToUnixTimeMilliseconds() });
        RequestRow? found = connection.QuerySingleOrDefault<RequestRow>("select * from requests where owner = @Owner and key = @Key", wanted);
        if (found is not null)
        {
            return found;
        }

        connection.Execute("insert into requests (owner, key, print, operation, at) values (@Owner, @Key, @Print, @Operation, @At)", wanted);
        if (_inserts++ % InsertsBetweenPrunes == 0)
        {
            Prune(connection, wanted.Owner, since);
        }

        return wanted;
    });

    public Task SetAnswerAsync(UserId owner, byte[] key, byte[] answer) => database.WriteAsync(connection => connection.Execute(
        "update requests set answer = @answer, bytes = length(@answer) where owner = @owner and key = @key",
        new { owner = owner.Value, key, answer }));

    /// <summary>Forgets what is older than a moment, of everybody.</summary>
    public Task PruneAsync(DateTimeOffset before) => database.WriteAsync(connection =>
        connection.Execute("delete from requests where at <= @before", new { before = before.ToUnixTimeMilliseconds() }));

    private static void Prune(SqliteConnection connection, string owner, DateTimeOffset before)
    {
        connection.Execute("delete from requests where at <= @before", new { before = before.ToUnixTimeMilliseconds() });
        connection.Execute(
            """
            delete from requests where rowid in (
                select rowid from (
                    select rowid, row_number() over newest as number, sum(bytes) over newest as bytes
                    from requests where owner = @owner window newest as (order by at desc, rowid desc))
                where number > @most or bytes > @bytes)
            """,
            new { owner, most = IRequestMemory.MostRequests, bytes = IRequestMemory.MostBytes });
    }
}

/// <summary>One remembered request.</summary>
internal sealed class RequestRow
{
    public string Owner { get; set; } = "";

    /// <summary>A hash of what the client calls it.</summary>
    public byte[] Key { get; set; } = [];

    public byte[] Print { get; set; } = [];

    /// <summary>The ULID of its operation.</summary>
    public string Operation { get; set; } = "";

    public long At { get; set; }

    /// <summary>Null while there is none to give again.</summary>
    public byte[]? Answer { get; set; }
}
