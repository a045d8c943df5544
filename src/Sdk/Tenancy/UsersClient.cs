using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells who the key belongs to.</summary>
public sealed class UsersClient
{
    private readonly Transport _transport;

    internal UsersClient(Transport transport) => _transport = transport;

    /// <summary>The user whose key is used.</summary>
    /// <exception cref="UnauthorizedException">The key is unknown or disabled.</exception>
    public Task<User> MeAsync(CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get("v1/users/me"), SdkJson.Default.User, cancellation);
}

/// <summary>Somebody who owns sandboxes and keys.</summary>
public sealed record User
{
    /// <summary><c>usr-</c> and an id.</summary>
    public required string UserId { get; init; }

    /// <summary>The name to sign in with.</summary>
    public string? Username { get; init; }

    /// <summary>The name to show.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Where mail goes.</summary>
    public string? Email { get; init; }

    /// <summary>What the user may do.</summary>
    public string? Role { get; init; }

    /// <summary>Whether it is the user that the server made at its first start.</summary>
    public bool IsRootUser { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}
