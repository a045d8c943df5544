using Atoll.Domain.Idempotency;

namespace Atoll.Domain.Tenancy;

/// <summary>Names one user: <c>usr-</c> and a ULID.</summary>
public readonly record struct UserId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Somebody who owns sandboxes and keys.</summary>
/// <param name="IsRoot">The user made at first start.</param>
public sealed record User(UserId Id, string Username, string Email, string DisplayName, bool IsRoot, DateTimeOffset CreatedAt);

/// <summary>Who is asking, as authentication found out. Ports take it first and check ownership by it.</summary>
/// <param name="User">The owner of the credential.</param>
/// <param name="Key">The API key used; null when the server itself asks.</param>
public sealed record Caller(User User, string? Key)
{
    /// <summary>What the request belongs to that has an Idempotency-Key; null for one without.</summary>
    public Operation? Operation { get; init; }

    public bool Owns(UserId owner) => User.Id == owner;
}
