namespace Atoll.Domain.Tenancy;

/// <summary>What a user is to be, or what is to change of one: what is null takes the default, or stays.</summary>
public sealed record UserSpec
{
    /// <summary>1 to 64 characters without spaces, unique.</summary>
    public string? Username { get; init; }

    public string? Email { get; init; }
    public string? DisplayName { get; init; }
    public string? Description { get; init; }
    public string? AvatarUrl { get; init; }
    public Role? Role { get; init; }
    public bool? IsActive { get; init; }

    /// <summary>At least <see cref="IUsers.MinPassword"/> characters; stored only as a hash.</summary>
    public string? Password { get; init; }
}

/// <summary>One page of a list and how many there are in all.</summary>
public sealed record UserPage(IReadOnlyList<User> Users, int Total);

/// <summary>
/// The port through which users are managed. All but what concerns the caller itself is only for <see cref="Caller.IsAdmin"/>, and users of
/// role admin or root are made and changed by root alone.
/// </summary>
public interface IUsers
{
    const int MinPassword = 8;

    /// <summary>Changes how the caller shows itself: display name, description and picture.</summary>
    Task<User> UpdateSelfAsync(Caller caller, UserSpec changes, CancellationToken cancellation);

    /// <param name="search">Text in username, e-mail address or display name, whatever its case; null for all.</param>
    Task<UserPage> ListAsync(Caller caller, string? search, int offset, int limit, CancellationToken cancellation);

    Task<User> GetAsync(Caller caller, UserId id, CancellationToken cancellation);

    /// <summary><see cref="FaultCode.AlreadyExists"/> when the username is taken.</summary>
    Task<User> CreateAsync(Caller caller, UserSpec spec, CancellationToken cancellation);

    /// <summary>A user who is disabled cannot authenticate from that moment; its sandboxes go on.</summary>
    Task<User> UpdateAsync(Caller caller, UserId id, UserSpec changes, CancellationToken cancellation);

    /// <summary>
    /// Removes a user with its keys, projects and the records of what is over. <see cref="FaultCode.WrongState"/> while it has sandboxes
    /// that are not over, snapshots or templates: what somebody still uses is ended by who knows that it may, not by the way.
    /// </summary>
    Task DeleteAsync(Caller caller, UserId id, CancellationToken cancellation);

    /// <summary>Gives a user another password, and forgets that it asked for one.</summary>
    Task ResetPasswordAsync(Caller caller, UserId id, string password, CancellationToken cancellation);

    /// <summary>Changes the caller's own password. <see cref="FaultCode.InvalidArgument"/> when the present one, if there is any, is another.</summary>
    Task ChangePasswordAsync(Caller caller, string? present, string next, CancellationToken cancellation);

    /// <summary>Lets who manages others know that the caller wants another password.</summary>
    /// <returns>How long it must wait before it can ask again; null when it was noted down now.</returns>
    Task<TimeSpan?> RequestResetAsync(Caller caller, CancellationToken cancellation);
}
