namespace Atoll.Domain.Tenancy;

/// <summary>An API key as its owner may see it: never the secret, of which only a SHA-256 hash is stored.</summary>
/// <param name="Id"><c>key-</c> and a ULID.</param>
/// <param name="Prefix">The first characters of the secret, to tell keys apart.</param>
public sealed record ApiKey(
    string Id, UserId Owner, string Name, string Description, string Prefix, bool IsActive,
    DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt)
{
    /// <summary>From then on it does not authenticate; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A key that was just made, with the only copy of its secret: <c>sk-</c> and 40 hex digits.</summary>
public sealed record NewApiKey(ApiKey Key, string Secret);

/// <summary>Authenticates callers and manages their keys. Another user's key is not found.</summary>
public interface IApiKeys
{
    /// <summary>At most this many active keys a user (contracts/scalebox.md 1.7).</summary>
    const int MaxActive = 5;

    /// <summary>Who the secret belongs to; null when it is unknown, disabled or expired, or its owner is disabled.</summary>
    ValueTask<Caller?> AuthenticateAsync(string secret, CancellationToken cancellation);

    /// <param name="lifetime">How long it authenticates; null for ever.</param>
    Task<NewApiKey> CreateAsync(Caller caller, string name, string description, TimeSpan? lifetime, CancellationToken cancellation);

    Task<NewApiKey> CreateAsync(Caller caller, string name, string description, CancellationToken cancellation) =>
        CreateAsync(caller, name, description, lifetime: null, cancellation);

    /// <summary>The keys of a user. <see cref="FaultCode.Forbidden"/> for another's unless <see cref="Caller.IsAdmin"/>.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, UserId owner, CancellationToken cancellation);

    Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, CancellationToken cancellation) => ListAsync(caller, caller.User.Id, cancellation);

    Task<ApiKey> GetAsync(Caller caller, string id, CancellationToken cancellation);
    Task<ApiKey> UpdateAsync(Caller caller, string id, string? name, string? description, bool? isActive, CancellationToken cancellation);
    Task DeleteAsync(Caller caller, string id, CancellationToken cancellation);
}
