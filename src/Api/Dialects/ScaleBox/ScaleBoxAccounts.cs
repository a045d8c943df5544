using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Manages users and their passwords.</summary>
internal sealed class ScaleBoxAccounts(IUsers users, ScaleBoxReply reply, ScaleBoxFaults faults)
{
    /// <summary>The route parameter that holds a user's id.</summary>
    public const string IdParameter = "user_id";

    private static readonly Dictionary<string, Role> Words =
        Enum.GetValues<Role>().ToDictionary(ScaleBoxMapping.Word, role => role, StringComparer.OrdinalIgnoreCase);

    public async Task<IResult> UpdateMeAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return reply.Data(ScaleBoxMapping.User(await users.UpdateSelfAsync(http.Caller(), Spec(body), cancellation)), "User updated successfully");
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, standardLimit: 50);
        UserPage page = await users.ListAsync(
            http.Caller(), QueryValues.Text(http.Request.Query, "search"), paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireUsers([.. page.Users.Select(ScaleBoxMapping.User)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(ScaleBoxMapping.User(await users.GetAsync(http.Caller(), Id(http), cancellation)));

    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        User made = await users.CreateAsync(http.Caller(), Spec(body), cancellation);
        return reply.Data(ScaleBoxMapping.User(made), "User created successfully", StatusCodes.Status201Created);
    }

    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return reply.Data(ScaleBoxMapping.User(await users.UpdateAsync(http.Caller(), Id(http), Spec(body), cancellation)), "User updated successfully");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await users.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(new WireUserId(Id(http).Value), "User deleted successfully");
    }

    public async Task<IResult> ResetPasswordAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        await users.ResetPasswordAsync(http.Caller(), Id(http), body.RequiredString("new_password"), cancellation);
        return reply.Data(new WireUserId(Id(http).Value), "Password reset successfully");
    }

    public async Task<IResult> ChangePasswordAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        await users.ChangePasswordAsync(http.Caller(), body.String("current_password"), body.RequiredString("new_password"), cancellation);
        return reply.Data(new WireUserId(http.Caller().User.Id.Value), "Password changed successfully");
    }

    public async Task<IResult> RequestResetAsync(HttpContext http, CancellationToken cancellation)
    {
        if (await users.RequestResetAsync(http.Caller(), cancellation) is not { } wait)
        {
            return reply.Data(new WireUserId(http.Caller().User.Id.Value), "Whoever runs the server is told that you want a new password");
        }

        int minutes = (int)Math.Ceiling(wait.TotalMinutes);
        http.Response.Headers.RetryAfter = $"{(int)Math.Ceiling(wait.TotalSeconds)}";
        return faults.Body(
            http, StatusCodes.Status429TooManyRequests, "rate_limited", $"you have asked already: ask again in {minutes} minutes",
            data: new WireTimeRemaining(minutes));
    }

    public Task<IResult> AccountAsync(HttpContext http, CancellationToken cancellation)
    {
        User user = http.Caller().User;
        return Task.FromResult(reply.Data(new WireAccountDetail(
            ScaleBoxMapping.Account(user.Id), user.Username, user.Id.Value, "active", PlanOfAll, user.CreatedAt.UtcDateTime)));
    }

    public Task<IResult> PlansAsync(HttpContext http, CancellationToken cancellation) =>
        Task.FromResult(reply.Data(new WirePlans([new WirePlan(PlanOfAll, "Self-hosted", "What this installation allows; see GET /v1/usage/quotas.", 0)])));

    private const string PlanOfAll = "self-hosted";

    private static UserSpec Spec(JsonFields body) => new()
    {
        Username = body.String("username"),
        Email = body.String("email"),
        DisplayName = body.String("display_name"),
        Description = body.String("description"),
        AvatarUrl = body.String("avatar_url"),
        Role = body.String("role") is not { } role ? null : Words.TryGetValue(role, out Role known)
            ? known
            : throw Fault.Invalid("role", $"role must be one of {string.Join(", ", Words.Keys)}").AsException(),
        IsActive = body.String("status") switch
        {
            null => null,
            "active" => true,
            "disabled" or "inactive" => false,
            _ => throw Fault.Invalid("status", "status must be active or disabled").AsException(),
        },
        Password = body.String("password"),
    };

    private static UserId Id(HttpContext http) => new(http.Request.RouteValues[IdParameter] as string ?? "");
}
