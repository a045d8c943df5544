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

    public User? Find(UserId id) => database.Read(connection => Find(connection, "id", id.Value));

    public User? FindByName(string username) => database.Read(connection => Find(connection, "username", username));

    public IReadOnlyList<User> List() => database.Read(connection => connection
        .Query<UserRow>("select * from users order by username").Select(row => row.ToUser()).ToArray());

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
