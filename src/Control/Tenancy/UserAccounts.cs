using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Identity;

namespace Atoll.Control.Tenancy;

/// <summary>Manages users: who may change whom, what a name and a password must be.</summary>
internal sealed class UserAccounts(UserStore store, ApiKeys keys, Tenants tenants, TimeProvider time) : IUsers
{
    private const int MaxUsername = 64, MaxText = 200, MaxDescription = 1000, MaxPassword = 128;
    private static readonly TimeSpan BetweenResets = TimeSpan.FromMinutes(15);
    private readonly PasswordHasher<User> _passwords = new();

    public async Task<User> UpdateSelfAsync(Caller caller, UserSpec changes, CancellationToken cancellation)
    {
        CheckTexts(changes);
        return await StoreAsync(Changed(
            Find(caller.User.Id), new UserSpec { DisplayName = changes.DisplayName, Description = changes.Description, AvatarUrl = changes.AvatarUrl }));
    }

    public Task<UserPage> ListAsync(Caller caller, string? search, int offset, int limit, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        return Task.FromResult(store.List(search, offset, limit));
    }

    public Task<User> GetAsync(Caller caller, UserId id, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        return Task.FromResult(Find(id));
    }

    public async Task<User> CreateAsync(Caller caller, UserSpec spec, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        string username = spec.Username ?? throw Fault.Invalid("username", "username is required").AsException();
        CheckTexts(spec);
        DateTimeOffset now = time.Now();
        User user = Changed(
            new User(
                new UserId($"usr-{caller.Operation?.Id ?? Ulid.New(now)}"), username, spec.Email ?? $"{username}@localhost", spec.DisplayName ?? username,
                IsRoot: false, now),
            spec);
        CheckRank(caller, user.Role);
        await store.InsertAsync(user, spec.Password is null ? null : Hash(user, spec.Password));
        return Find(user.Id);
    }

    public async Task<User> UpdateAsync(Caller caller, UserId id, UserSpec changes, CancellationToken cancellation)
    {
        User before = Manageable(caller, id);
        CheckTexts(changes);
        User after = Changed(before, changes);
        CheckRank(caller, after.Role);
        if (before.IsRoot && (after.Role is not Role.Root || !after.IsActive))
        {
            throw new Fault(FaultCode.Forbidden, "the user made at first start stays root and cannot be disabled").AsException();
        }

        return await StoreAsync(after);
    }

    public async Task DeleteAsync(Caller caller, UserId id, CancellationToken cancellation)
    {
        User user = Manageable(caller, id);
        if (user.IsRoot || caller.Owns(id))
        {
            throw new Fault(FaultCode.Forbidden, "the user made at first start, and yourself, cannot be deleted").AsException();
        }

        await store.DeleteAsync(id);
        Forget();
    }

    public async Task ResetPasswordAsync(Caller caller, UserId id, string password, CancellationToken cancellation)
    {
        User user = Manageable(caller, id);
        CheckPassword("new_password", password);
        await store.SetPasswordAsync(id, Hash(user, password));
        Forget();
    }

    public async Task ChangePasswordAsync(Caller caller, string? present, string next, CancellationToken cancellation)
    {
        CheckPassword("new_password", next);
        User user = Find(caller.User.Id);
        if (store.PasswordOf(user.Id) is { } hash
            && _passwords.VerifyHashedPassword(user, hash, present ?? "") is PasswordVerificationResult.Failed)
        {
            throw Fault.Invalid("current_password", "current_password is not your present password").AsException();
        }

        await store.SetPasswordAsync(user.Id, Hash(user, next));
        Forget();
    }

    public async Task<TimeSpan?> RequestResetAsync(Caller caller, CancellationToken cancellation)
    {
        DateTimeOffset now = time.Now();
        DateTimeOffset? last = await store.RequestResetAsync(caller.User.Id, now, now - BetweenResets);
        return last is { } before ? before + BetweenResets - now : null;
    }

    private async Task<User> StoreAsync(User user)
    {
        await store.UpdateAsync(user);
        Forget();
        return Find(user.Id);
    }

    private void Forget()
    {
        keys.ForgetRecognised();
        tenants.Forget();
    }

    private User Find(UserId id) => store.Find(id) ?? throw Fault.NotFound("user", id.Value).AsException();

    private User Manageable(Caller caller, UserId id)
    {
        RequireAdmin(caller);
        User user = Find(id);
        CheckRank(caller, user.Role);
        return user;
    }

    private static void RequireAdmin(Caller caller)
    {
        if (!caller.IsAdmin)
        {
            throw new Fault(FaultCode.Forbidden, "this needs the role admin or root: ask who runs the server").AsException();
        }
    }

    private static void CheckRank(Caller caller, Role role)
    {
        if (role is Role.Admin or Role.Root && caller.User.Role is not Role.Root)
        {
            throw new Fault(FaultCode.Forbidden, "users of the role admin or root are made and changed by root only").AsException();
        }
    }

    private string Hash(User user, string password) => _passwords.HashPassword(user, password);

    private static User Changed(User user, UserSpec spec) => user with
    {
        Username = spec.Username ?? user.Username,
        Email = spec.Email ?? user.Email,
        DisplayName = spec.DisplayName ?? user.DisplayName,
        Description = spec.Description ?? user.Description,
        AvatarUrl = spec.AvatarUrl ?? user.AvatarUrl,
        Role = spec.Role ?? user.Role,
        IsActive = spec.IsActive ?? user.IsActive,
    };

    private static void CheckTexts(UserSpec spec)
    {
        if (spec.Username is { } name && (name.Length is 0 or > MaxUsername || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))))
        {
            throw Fault.Invalid("username", $"username must be 1 to {MaxUsername} characters without spaces").AsException();
        }

        CheckText("email", spec.Email, MaxText);
        CheckText("display_name", spec.DisplayName, MaxText);
        CheckText("description", spec.Description, MaxDescription);
        CheckText("avatar_url", spec.AvatarUrl, MaxDescription);
        if (spec.Email is { } email && (email.IndexOf('@') is <= 0 || email.Any(char.IsWhiteSpace)))
        {
            throw Fault.Invalid("email", "email must be an address such as ann@example.com").AsException();
        }

        if (spec.Password is { } password)
        {
            CheckPassword("password", password);
        }
    }

    private static void CheckText(string field, string? text, int most)
    {
        if (text?.Length > most || text?.Any(c => char.IsControl(c) && c is not '\n') is true)
        {
            throw Fault.Invalid(field, $"{field} must be at most {most} printable characters").AsException();
        }
    }

    private static void CheckPassword(string field, string password)
    {
        if (password.Length is < IUsers.MinPassword or > MaxPassword)
        {
            throw Fault.Invalid(field, $"{field} must be {IUsers.MinPassword} to {MaxPassword} characters").AsException();
        }
    }
}
