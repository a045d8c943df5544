using System.Collections.Concurrent;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>
/// Authenticates by the hash of a secret, with a bounded memory of who was recognised, and manages keys. When a key
/// was last used is gathered in memory and written with the reconciler's round.
/// </summary>
internal sealed class ApiKeys(ApiKeyStore store, UserStore users, TimeProvider time) : IApiKeys
{
    private const int MaxNameLength = 100;
    private const int MaxDescriptionLength = 1000;
    private const int MaxRecognised = 10_000;

    /// <summary>For this long another process's change to the store may go unnoticed; changes made here count at once.</summary>
    internal static readonly TimeSpan MaxRecognitionAge = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Recognition> _recognised = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new();
    private long _changes;

    public ValueTask<Caller?> AuthenticateAsync(string secret, CancellationToken cancellation)
    {
        if (secret.Length != KeySecret.Length || !secret.StartsWith("sk-", StringComparison.Ordinal))
        {
            return ValueTask.FromResult<Caller?>(null);
        }

        byte[] hash = KeySecret.Hash(secret);
        Caller? caller = Recognise(hash);
        if (caller?.Key is { } key)
        {
            _used[key] = time.Now();
        }

        return ValueTask.FromResult(caller);
    }

    public async Task<NewApiKey> CreateAsync(Caller caller, string name, string description, TimeSpan? lifetime, CancellationToken cancellation) =>
        await MakeAsync(store, caller.User.Id, name, description, time.Now(), caller.Operation?.Id, lifetime);

    public Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, UserId owner, CancellationToken cancellation) => caller.MaySee(owner)
        ? Task.FromResult<IReadOnlyList<ApiKey>>([.. store.List(owner).Select(WithLastUse)])
        : throw new Fault(FaultCode.Forbidden, "another user's keys are listed by who has the role admin or root", "user_id").AsException();

    public Task<ApiKey> GetAsync(Caller caller, string id, CancellationToken cancellation) =>
        Task.FromResult(WithLastUse(store.Get(caller.User.Id, id)));

    public async Task<ApiKey> UpdateAsync(
        Caller caller, string id, string? name, string? description, bool? isActive, CancellationToken cancellation)
    {
        CheckTexts(name, description);
        ApiKey key = await store.UpdateAsync(caller.User.Id, id, name, description, isActive);
        ForgetRecognised();
        return WithLastUse(key);
    }

    public async Task DeleteAsync(Caller caller, string id, CancellationToken cancellation)
    {
        await store.DeleteAsync(caller.User.Id, id);
        ForgetRecognised();
        _used.TryRemove(id, out _);
    }

    /// <summary>Writes down when keys were last used, if any was since the last time.</summary>
    public async Task FlushAsync()
    {
        KeyValuePair<string, DateTimeOffset>[] pending = _used.ToArray();
        if (pending.Length > 0)
        {
            await store.SetLastUsedAsync(new Dictionary<string, DateTimeOffset>(pending));
            foreach (KeyValuePair<string, DateTimeOffset> written in pending)
            {
                _used.TryRemove(written);
            }
        }
    }

    /// <param name="ulid">The key's, when its making may be repeated: it takes the place of one that was made and never told.</param>
    internal static async Task<NewApiKey> MakeAsync(
        ApiKeyStore store, UserId owner, string name, string description, DateTimeOffset now, string? ulid = null, TimeSpan? lifetime = null)
    {
        CheckTexts(name, description);
        string secret = KeySecret.New();
        var key = new ApiKey($"key-{ulid ?? Ulid.New(now)}", owner, name, description, KeySecret.PrefixOf(secret), true, now, null)
        {
            ExpiresAt = now + lifetime,
        };
        await store.InsertAsync(key, KeySecret.Hash(secret));
        return new NewApiKey(key, secret);
    }

    private Caller? Recognise(byte[] hash)
    {
        string text = Convert.ToHexString(hash);
        long before;
        lock (_lock)
        {
            if (_recognised.TryGetValue(text, out Recognition? known) && time.GetElapsedTime(known.ReadAt) < MaxRecognitionAge
                && !(known.ExpiresAt <= time.Now()))
            {
                return known.Caller;
            }

            before = _changes;
        }

        long readAt = time.GetTimestamp();
        if (store.FindByHash(hash) is not { IsActive: true } key || key.ExpiresAt <= time.Now() || users.Find(key.Owner) is not { IsActive: true } user)
        {
            lock (_lock)
            {
                _recognised.Remove(text);
            }

            return null;
        }

        var caller = new Caller(user, key.Id);
        lock (_lock)
        {
            // What was read before a change may be out of date after it.
            if (before == _changes)
            {
                if (_recognised.Count >= MaxRecognised)
                {
                    _recognised.Clear();
                }

                _recognised[text] = new Recognition(caller, readAt, key.ExpiresAt);
            }
        }

        return caller;
    }

    /// <summary>Keys, or users, have changed.</summary>
    public void ForgetRecognised()
    {
        lock (_lock)
        {
            _changes++;
            _recognised.Clear();
        }
    }

    private ApiKey WithLastUse(ApiKey key) => _used.TryGetValue(key.Id, out DateTimeOffset used) ? key with { LastUsedAt = used } : key;

    private static void CheckTexts(string? name, string? description)
    {
        if (name is not null && (name.Length is 0 or > MaxNameLength || name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name)))
        {
            throw Fault.Invalid("name", $"name must be 1 to {MaxNameLength} printable characters").AsException();
        }

        if (description?.Length > MaxDescriptionLength)
        {
            throw Fault.Invalid("description", $"description must be at most {MaxDescriptionLength} characters").AsException();
        }
    }

    /// <summary>Who a secret belonged to when the store was read.</summary>
    private sealed record Recognition(Caller Caller, long ReadAt, DateTimeOffset? ExpiresAt);
}
