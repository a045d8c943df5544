using Atoll.Domain.Idempotency;

namespace Atoll.Domain.Tenancy;

/// <summary>Names one user: <c>usr-</c> and a ULID.</summary>
public readonly record struct UserId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>What a user may do, from least to most.</summary>
public enum Role
{
    /// <summary>Reads its own and changes nothing.</summary>
    Viewer,

    /// <summary>Does as it likes with its own, and knows of nobody else's.</summary>
    Member,

    /// <summary>Besides, manages users and quotas, and sees and may end every sandbox; uses none but its own.</summary>
    Admin,

    /// <summary>Everything.</summary>
    Root,
}

/// <summary>Somebody who owns sandboxes and keys.</summary>
/// <param name="IsRoot">The user made at first start: always of role root, and never disabled or deleted.</param>
public sealed record User(UserId Id, string Username, string Email, string DisplayName, bool IsRoot, DateTimeOffset CreatedAt)
{
    public Role Role { get; init; } = IsRoot ? Role.Root : Role.Member;

    /// <summary>False: its keys do not authenticate.</summary>
    public bool IsActive { get; init; } = true;

    public string Description { get; init; } = "";

    /// <summary>An address of a picture; null for none.</summary>
    public string? AvatarUrl { get; init; }

    public DateTimeOffset? LastLogin { get; init; }

    public bool HasPassword { get; init; }

    /// <summary>When it last asked for a new password and has not got one yet; null otherwise.</summary>
    public DateTimeOffset? ResetRequestedAt { get; init; }
}

/// <summary>Who is asking, as authentication found out. Ports take it first and check ownership by it.</summary>
/// <param name="User">The owner of the credential.</param>
/// <param name="Key">The API key used; null when the server itself asks.</param>
public sealed record Caller(User User, string? Key)
{
    /// <summary>What the request belongs to that has an Idempotency-Key; null for one without.</summary>
    public Operation? Operation { get; init; }

    public bool Owns(UserId owner) => User.Id == owner;

    /// <summary>Whether what belongs to <paramref name="owner"/> may be seen, and ended, by the caller.</summary>
    public bool MaySee(UserId owner) => Owns(owner) || IsAdmin;

    /// <summary>Whether it may be used and changed, and its secrets told.</summary>
    public bool MayUse(UserId owner) => Owns(owner) || User.Role is Role.Root;

    /// <summary>Whether the secrets of a sandbox, with which it can be used directly, may be told to the caller: never to one who only reads.</summary>
    public bool MayHold(UserId owner) => MayUse(owner) && User.Role is not Role.Viewer;

    public bool IsAdmin => User.Role is Role.Admin or Role.Root;
}
