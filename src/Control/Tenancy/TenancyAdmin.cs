using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>What the operator does with users and keys on the machine itself, also while a server uses the same store.</summary>
public sealed class TenancyAdmin : IAsyncDisposable
{
    private const int MaxUsernameLength = 64;
    private readonly Database _database;
    private readonly UserStore _users;
    private readonly ApiKeyStore _keys;
    private readonly TimeProvider _time;

    private readonly string _rootUsername;

    internal TenancyAdmin(Database database, ControlOptions options, TimeProvider time)
    {
        _database = database;
        _rootUsername = options.RootUsername;
        _users = new UserStore(database);
        _keys = new ApiKeyStore(database);
        _time = time;
    }

    /// <summary>Opens the store of an installation, making or migrating it as a server would.</summary>
    /// <exception cref="StoreUnusableException">The database is damaged or newer than this program.</exception>
    public static TenancyAdmin Open(string dataDirectory)
    {
        var options = new ControlOptions { DataDirectory = dataDirectory };
        var database = new Database(options.DatabasePath);
        database.Open();
        return new TenancyAdmin(database, options, TimeProvider.System);
    }

    /// <summary>Finds the user of that name, or makes it: as root if it has <see cref="ControlOptions.RootUsername"/>, which no server may have made yet.</summary>
    public Task<User> EnsureUserAsync(string username) => EnsureAsync(username, Role.Member);

    /// <summary>The same; one that is made gets a role other than root.</summary>
    public Task<User> EnsureUserAsync(string username, Role role) => EnsureAsync(username, role);

    /// <summary>Gives a user another role. <see cref="FaultCode.NotFound"/> for an unknown one, <see cref="FaultCode.Forbidden"/> for the user made at first start.</summary>
    public Task SetRoleAsync(string username, Role role) => ChangeAsync(username, user => user with { Role = role });

    /// <summary>Lets a user's keys authenticate, or not; same faults.</summary>
    public Task SetActiveAsync(string username, bool isActive) => ChangeAsync(username, user => user with { IsActive = isActive });

    public IReadOnlyList<User> ListUsers() => _users.List();

    /// <summary>Makes a key for a user. <see cref="FaultCode.NotFound"/> for an unknown user; otherwise as <see cref="IApiKeys.CreateAsync"/>.</summary>
    public async Task<NewApiKey> CreateKeyAsync(string username, string name)
    {
        User user = _users.FindByName(username) ?? throw Fault.NotFound("user", username).AsException();
        return await ApiKeys.MakeAsync(_keys, user.Id, name, "", _time.Now());
    }

    /// <summary>
    /// Makes the root user's first key, unless it has one. To be called when the secret can be shown for certain: it
    /// is stored nowhere, and a start that fails later than this would lose it.
    /// </summary>
    /// <returns>The secret; null when there is nothing to show.</returns>
    public async Task<string?> MakeFirstKeyAsync()
    {
        User root = await EnsureUserAsync(_rootUsername);
        return _keys.List(root.Id).Count > 0
            ? null
            : (await ApiKeys.MakeAsync(_keys, root.Id, "first", "made at first start", _time.Now())).Secret;
    }

    /// <summary>The keys of all users.</summary>
    public IReadOnlyList<(User Owner, ApiKey Key)> ListKeys() =>
        [.. _users.List().SelectMany(user => _keys.List(user.Id).Select(key => (user, key)))];

    /// <summary>Removes a user's key of that name; does nothing when there is none.</summary>
    public async Task RemoveKeyAsync(string username, string name)
    {
        foreach ((_, ApiKey key) in ListKeys().Where(row => row.Owner.Username == username && row.Key.Name == name))
        {
            await _keys.DeleteAsync(key.Owner, key.Id);
        }
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    internal Task MakeRootAsync() => EnsureUserAsync(_rootUsername);

    private async Task ChangeAsync(string username, Func<User, User> change)
    {
        User user = _users.FindByName(username) ?? throw Fault.NotFound("user", username).AsException();
        if (user.IsRoot)
        {
            throw new Fault(FaultCode.Forbidden, $"'{username}' was made at first start: it stays root and cannot be disabled").AsException();
        }

        await _users.UpdateAsync(change(user));
    }

    private Task<User> EnsureAsync(string username, Role role)
    {
        if (username.Length is 0 or > MaxUsernameLength || username.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            throw Fault.Invalid("username", $"username must be 1 to {MaxUsernameLength} characters without spaces").AsException();
        }

        DateTimeOffset now = _time.Now();
        return _users.EnsureAsync(new User(
            new UserId($"usr-{Ulid.New(now)}"), username, $"{username}@localhost", username, username == _rootUsername, now)
        {
            Role = username == _rootUsername ? Role.Root : role,
        });
    }
}
