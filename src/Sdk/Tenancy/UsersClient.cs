using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells who the key belongs to, and lets admins manage users (contracts/scalebox.md 1.7).</summary>
public sealed class UsersClient
{
    private const string Management = "v1/user-management/users";

    private readonly Transport _transport;

    internal UsersClient(Transport transport) => _transport = transport;

    /// <summary>The user whose key is used.</summary>
    /// <exception cref="UnauthorizedException">The key is unknown or disabled.</exception>
    public Task<User> MeAsync(CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get("v1/users/me"), SdkJson.Default.User, cancellation);

    /// <summary>Changes what is not null of the user whose key is used.</summary>
    public Task<User> UpdateMeAsync(UserSpec changes, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Put("v1/users/me", changes, SdkJson.Default.UserSpec), SdkJson.Default.User, cancellation);

    /// <summary>One page of all users.</summary>
    /// <param name="query">Which page.</param>
    /// <param name="search">Only those whose name or address holds this.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ForbiddenException">The caller is no admin; as with all that follow.</exception>
    public Task<UserPage> ListAsync(PageQuery? query = null, string? search = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(Management + (query ?? new PageQuery()).Render(("search", search))), SdkJson.Default.UserPage, cancellation);

    /// <summary>One user.</summary>
    public Task<User> GetAsync(string userId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(userId)), SdkJson.Default.User, cancellation);

    /// <summary>Makes a user.</summary>
    /// <exception cref="ConflictException">The name or the address is taken.</exception>
    public Task<User> CreateAsync(UserSpec spec, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Post(Management, spec, SdkJson.Default.UserSpec), SdkJson.Default.User, cancellation);

    /// <summary>Changes what is not null.</summary>
    public Task<User> UpdateAsync(string userId, UserSpec changes, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Put(PathOf(userId), changes, SdkJson.Default.UserSpec), SdkJson.Default.User, cancellation);

    /// <summary>Deletes a user.</summary>
    public Task DeleteAsync(string userId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(userId)), cancellation);

    /// <summary>Gives a user another password.</summary>
    public Task ResetPasswordAsync(string userId, string newPassword, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"{PathOf(userId)}/reset-password", new PasswordReset(newPassword), SdkJson.Default.PasswordReset), cancellation);

    private static string PathOf(string userId) => $"{Management}/{ApiRequest.Segment(userId)}";
}

/// <summary>Somebody who owns sandboxes and keys.</summary>
public sealed record User : ServerRecord
{
    /// <summary><c>usr-</c> and an id.</summary>
    public required string UserId { get; init; }

    /// <summary>The name to sign in with.</summary>
    public string? Username { get; init; }

    /// <summary>The name to show.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Where mail goes.</summary>
    public string? Email { get; init; }

    /// <summary>What the user may do: viewer, member, admin or root.</summary>
    public string? Role { get; init; }

    /// <summary>active or disabled.</summary>
    public string? Status { get; init; }

    /// <summary>Whether it is the user that the server made at its first start.</summary>
    public bool IsRootUser { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>What a user is to be, or what is to change of one. What is null takes the server's default, or stays.</summary>
public sealed record UserSpec
{
    /// <summary>The name to sign in with.</summary>
    public string? Username { get; init; }

    /// <summary>Where mail goes.</summary>
    public string? Email { get; init; }

    /// <summary>The name to show.</summary>
    public string? DisplayName { get; init; }

    /// <summary>viewer, member or admin.</summary>
    public string? Role { get; init; }

    /// <summary>active or disabled.</summary>
    public string? Status { get; init; }

    /// <summary>What the user does.</summary>
    public string? Description { get; init; }

    /// <summary>At least 8 characters.</summary>
    public string? Password { get; init; }

    /// <summary>Names the user without the password.</summary>
    public override string ToString() => $"user '{Username}'";
}

/// <summary>One page of users.</summary>
public sealed record UserPage : Page<User>
{
    /// <summary>The users.</summary>
    public required List<User> Users { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<User> Items => Users;
}

internal sealed record PasswordReset(string NewPassword);
