using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers API keys, of their secrets only the SHA-256.</summary>
internal sealed class ApiKeyStore(Database database)
{
    /// <summary>Adds a key, in place of one of its id. <see cref="FaultCode.AlreadyExists"/> when the owner has one of that name, <see cref="FaultCode.QuotaExceeded"/> at the limit.</summary>
    public Task InsertAsync(ApiKey key, byte[] hash) => database.WriteAsync(connection =>
    {
        RefuseDuplicate(connection, key);
        RefuseBeyondQuota(connection, key);
        connection.Execute("delete from api_keys where id = @Id and owner = @Owner", new { key.Id, Owner = key.Owner.Value });
        return connection.Execute(
            """
            insert into api_keys (id, owner, name, description, prefix, hash, is_active, created_at, expires_at)
            values (@Id, @Owner, @Name, @Description, @Prefix, @hash, @IsActive, @CreatedAt, @ExpiresAt)
            """,
            new
            {
                key.Id, Owner = key.Owner.Value, key.Name, key.Description, key.Prefix, hash, key.IsActive,
                CreatedAt = key.CreatedAt.ToUnixTimeMilliseconds(), ExpiresAt = key.ExpiresAt?.ToUnixTimeMilliseconds(),
            });
    });

    /// <summary>Changes what is not null; same faults as adding.</summary>
    public Task<ApiKey> UpdateAsync(UserId owner, string id, string? name, string? description, bool? isActive) =>
        database.WriteAsync(connection =>
        {
            ApiKey before = Find(connection, owner, id) ?? throw Missing(id);
            ApiKey after = before with
            {
                Name = name ?? before.Name, Description = description ?? before.Description, IsActive = isActive ?? before.IsActive,
            };
            RefuseDuplicate(connection, after);
            if (after.IsActive && !before.IsActive)
            {
                RefuseBeyondQuota(connection, after);
            }

            connection.Execute(
                "update api_keys set name = @Name, description = @Description, is_active = @IsActive where id = @Id",
                new { after.Name, after.Description, after.IsActive, after.Id });
            return after;
        });

    public Task DeleteAsync(UserId owner, string id) => database.WriteAsync(connection =>
        connection.Execute("delete from api_keys where id = @id and owner = @owner", new { id, owner = owner.Value }) == 1
            ? true
            : throw Missing(id));

    public IReadOnlyList<ApiKey> List(UserId owner) => database.Read(connection => connection.Query<KeyRow>(
        "select * from api_keys where owner = @owner order by created_at, id", new { owner = owner.Value }))
        .Select(row => row.ToKey()).ToList();

    public ApiKey Get(UserId owner, string id) => database.Read(connection => Find(connection, owner, id)) ?? throw Missing(id);

    public ApiKey? FindByHash(byte[] hash) => database.Read(connection => connection.QuerySingleOrDefault<KeyRow>(
        "select * from api_keys where hash = @hash", new { hash }))?.ToKey();

    public Task SetLastUsedAsync(IReadOnlyDictionary<string, DateTimeOffset> times) => database.WriteAsync(connection =>
        connection.Execute(
            "update api_keys set last_used_at = @at where id = @id",
            times.Select(pair => new { id = pair.Key, at = pair.Value.ToUnixTimeMilliseconds() })));

    private static ApiKey? Find(SqliteConnection connection, UserId owner, string id) => connection.QuerySingleOrDefault<KeyRow>(
        "select * from api_keys where id = @id and owner = @owner", new { id, owner = owner.Value })?.ToKey();

    private static void RefuseDuplicate(SqliteConnection connection, ApiKey key)
    {
        bool taken = connection.QuerySingle<bool>(
            "select exists (select 1 from api_keys where owner = @Owner and name = @Name and id <> @Id)",
            new { Owner = key.Owner.Value, key.Name, key.Id });
        if (taken)
        {
            throw new Fault(FaultCode.AlreadyExists, $"you have an API key named '{key.Name}' already: choose another name", "name").AsException();
        }
    }

    private static void RefuseBeyondQuota(SqliteConnection connection, ApiKey key)
    {
        int active = connection.QuerySingle<int>(
            "select count(*) from api_keys where owner = @Owner and is_active and id <> @Id", new { Owner = key.Owner.Value, key.Id });
        if (active >= IApiKeys.MaxActive)
        {
            throw new Fault(
                FaultCode.QuotaExceeded, $"you have {active} active API keys, the most there may be: disable or delete one first").AsException();
        }
    }

    private static FaultException Missing(string id) => Fault.NotFound("API key", id).AsException();

    private sealed class KeyRow
    {
        public string Id { get; set; } = "";
        public string Owner { get; set; } = "";
        public string Name { get; set; } = "";
        public string Description { get; set; } = "";
        public string Prefix { get; set; } = "";
        public bool IsActive { get; set; }
        public long CreatedAt { get; set; }
        public long? LastUsedAt { get; set; }
        public long? ExpiresAt { get; set; }

        public ApiKey ToKey() => new(
            Id, new UserId(Owner), Name, Description, Prefix, IsActive, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            LastUsedAt is { } used ? DateTimeOffset.FromUnixTimeMilliseconds(used) : null)
        {
            ExpiresAt = ExpiresAt is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
        };
    }
}
