using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers users.</summary>
internal sealed class UserStore(Database database)
{
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

    public User? Find(UserId id) => database.Read(connection => Find(connection, "id", id.Value));

    public User? FindByName(string username) => database.Read(connection => Find(connection, "username", username));

    public IReadOnlyList<User> List() => database.Read(connection => connection
        .Query<UserRow>("select * from users order by username").Select(row => row.ToUser()).ToArray());

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
        .QuerySingleOrDefault<UserRow>($"select * from users where {column} = @value", new { value })?.ToUser();

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
        public long? LastLogin { get; set; }
        public string? Password { get; set; }
        public long? ResetRequestedAt { get; set; }

        public User ToUser() => new(
            new UserId(Id), Username, Email, DisplayName, IsRoot, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt))
        {
            Role = Enum.Parse<Role>(Role, ignoreCase: true),
            IsActive = IsActive,
            Description = Description,
            AvatarUrl = AvatarUrl,
            LastLogin = Time(LastLogin),
            HasPassword = Password is not null,
            ResetRequestedAt = Time(ResetRequestedAt),
        };

        private static DateTimeOffset? Time(long? milliseconds) =>
            milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
    }
}
