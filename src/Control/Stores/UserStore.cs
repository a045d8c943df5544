using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers users.</summary>
internal sealed class UserStore(Database database)
{
    private const string Columns = "select u.*, (select max(last_used_at) from api_keys k where k.owner = u.id) as seen_at from users u";

    /// <summary>Makes the user unless one of that name exists, and returns the one that does.</summary>
    public Task<User> EnsureAsync(User user) => database.WriteAsync(connection =>
    {
        connection.Execute(
            """
            insert into users (id, username, email, display_name, is_root, created_at, role)
            values (@Id, @Username, @Email, @DisplayName, @IsRoot, @CreatedAt, @Role) on conflict (username) do nothing
            """,
            new
            {
                Id = user.Id.Value, user.Username, user.Email, user.DisplayName, user.IsRoot,
                CreatedAt = user.CreatedAt.ToUnixTimeMilliseconds(), Role = SandboxRow.Word(user.Role),
            });
        User stored = Find(connection, "username", user.Username)!;
        ProjectStore.InsertDefault(connection, stored.Id, stored.CreatedAt.ToUnixTimeMilliseconds());
        return stored;
    });

    /// <summary>Replaces what can be changed of a user. <see cref="FaultCode.NotFound"/> and <see cref="FaultCode.AlreadyExists"/>.</summary>
    public Task UpdateAsync(User user) => database.WriteAsync(connection =>
    {
        RefuseDuplicate(connection, user);
        int changed = connection.Execute(
            """
            update users set username = @Username, email = @Email, display_name = @DisplayName, role = @Role, is_active = @IsActive,
                description = @Description, avatar_url = @AvatarUrl
            where id = @Id
            """,
            new
            {
                Id = user.Id.Value, user.Username, user.Email, user.DisplayName, Role = SandboxRow.Word(user.Role), user.IsActive,
                user.Description, user.AvatarUrl,
            });
        return changed == 1 ? true : throw Fault.NotFound("user", user.Id.Value).AsException();
    });

    /// <summary>Adds a user with its default project. <see cref="FaultCode.AlreadyExists"/> when the name is taken; one of the same id stays as it is.</summary>
    public Task InsertAsync(User user, string? passwordHash) => database.WriteAsync(connection =>
    {
        RefuseDuplicate(connection, user);
        connection.Execute(
            """
            insert into users (id, username, email, display_name, is_root, created_at, role, is_active, description, avatar_url, password)
            values (@Id, @Username, @Email, @DisplayName, 0, @CreatedAt, @Role, @IsActive, @Description, @AvatarUrl, @passwordHash)
            on conflict (id) do nothing
            """,
            new
            {
                Id = user.Id.Value, user.Username, user.Email, user.DisplayName, CreatedAt = user.CreatedAt.ToUnixTimeMilliseconds(),
                Role = SandboxRow.Word(user.Role), user.IsActive, user.Description, user.AvatarUrl, passwordHash,
            });
        ProjectStore.InsertDefault(connection, user.Id, user.CreatedAt.ToUnixTimeMilliseconds());
        return true;
    });

    public Task SetPasswordAsync(UserId id, string hash) => database.WriteAsync(connection => connection.Execute(
        "update users set password = @hash, reset_requested_at = null where id = @id", new { hash, id = id.Value }));

    /// <summary>The hash; null for a user without a password.</summary>
    public string? PasswordOf(UserId id) => database.Read(connection => connection.QuerySingleOrDefault<string?>(
        "select password from users where id = @id", new { id = id.Value }));

    /// <summary>Notes down that a user wants another password, unless it did so later than <paramref name="latest"/>: then it answers when.</summary>
    public Task<DateTimeOffset?> RequestResetAsync(UserId id, DateTimeOffset now, DateTimeOffset latest) => database.WriteAsync(connection =>
    {
        User user = Find(connection, "id", id.Value) ?? throw Fault.NotFound("user", id.Value).AsException();
        if (user.ResetRequestedAt > latest)
        {
            return user.ResetRequestedAt;
        }

        connection.Execute("update users set reset_requested_at = @now where id = @id", new { now = now.ToUnixTimeMilliseconds(), id = id.Value });
        return null;
    });

    /// <summary>
    /// Removes a user and whatever refers to it, unless something of it is still used. Which tables those are, the schema says, so
    /// that no new one is forgotten.
    /// </summary>
    public Task DeleteAsync(UserId id) => database.WriteAsync(connection =>
    {
        string[] over = [.. Enum.GetValues<SandboxState>().Where(state => state.IsFinal()).Select(SandboxRow.Word)];
        Refuse("sandboxes that are not over", "select count(*) from sandboxes where owner = @id and state not in @over");
        Refuse("snapshots", "select count(*) from snapshots where owner = @id");
        Refuse("templates", "select count(*) from templates where owner = @id");
        foreach ((string table, string column) in connection.Query<(string, string)>(
            """
            select m.name, f."from" from sqlite_master m, pragma_foreign_key_list(m.name) f
            where m.type = 'table' and f."table" = 'users' order by m.name
            """).ToArray())
        {
            // Names out of the schema, not of any caller's.
            connection.Execute($"delete from \"{table}\" where \"{column}\" = @id", new { id = id.Value });
        }

        return connection.Execute("delete from users where id = @id", new { id = id.Value }) == 1
            ? true
            : throw Fault.NotFound("user", id.Value).AsException();

        void Refuse(string what, string count)
        {
            if (connection.QuerySingle<int>(count, new { id = id.Value, over }) is > 0 and var number)
            {
                throw new Fault(FaultCode.WrongState, $"the user has {number} {what}: end or delete them first").AsException();
            }
        }
    });

    /// <param name="search">Text in username, e-mail address or display name; null for all.</param>
    public UserPage List(string? search, int offset, int limit) => database.Read(connection =>
    {
        const string where =
            "where @search is null or instr(fold(username), @search) > 0 or instr(fold(email), @search) > 0 or instr(fold(display_name), @search) > 0";
        var parameters = new { search = search?.ToLowerInvariant(), offset, limit };
        return new UserPage(
            [.. connection.Query<UserRow>($"{Columns} {where} order by username limit @limit offset @offset", parameters).Select(row => row.ToUser())],
            connection.QuerySingle<int>($"select count(*) from users {where}", parameters));
    });

    public User? Find(UserId id) => database.Read(connection => Find(connection, "id", id.Value));

    public User? FindByName(string username) => database.Read(connection => Find(connection, "username", username));

    public IReadOnlyList<User> List() => database.Read(connection => connection
        .Query<UserRow>($"{Columns} order by username").Select(row => row.ToUser()).ToArray());

    private static void RefuseDuplicate(SqliteConnection connection, User user)
    {
        bool taken = connection.QuerySingle<bool>(
            "select exists (select 1 from users where username = @Username and id <> @Id)", new { user.Username, Id = user.Id.Value });
        if (taken)
        {
            throw new Fault(FaultCode.AlreadyExists, $"there is a user named '{user.Username}' already: choose another name", "username").AsException();
        }
    }

    private static User? Find(SqliteConnection connection, string column, string value) => connection
        .QuerySingleOrDefault<UserRow>($"{Columns} where {column} = @value", new { value })?.ToUser();

    private sealed class UserRow
    {
        public string Id { get; set; } = "";
        public string Username { get; set; } = "";
        public string Email { get; set; } = "";
        public string DisplayName { get; set; } = "";
        public bool IsRoot { get; set; }
        public long CreatedAt { get; set; }
        public string Role { get; set; } = "";
        public bool IsActive { get; set; }
        public string Description { get; set; } = "";
        public string? AvatarUrl { get; set; }
        public long? SeenAt { get; set; }
        public string? Password { get; set; }
        public long? ResetRequestedAt { get; set; }

        public User ToUser() => new(
            new UserId(Id), Username, Email, DisplayName, IsRoot, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt))
        {
            Role = Enum.Parse<Role>(Role, ignoreCase: true),
            IsActive = IsActive,
            Description = Description,
            AvatarUrl = AvatarUrl,
            LastLogin = Time(SeenAt),
            HasPassword = Password is not null,
            ResetRequestedAt = Time(ResetRequestedAt),
        };

        private static DateTimeOffset? Time(long? milliseconds) =>
            milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
    }
}
