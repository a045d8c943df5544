using Atoll.Api.OpenApi;
using Atoll.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Users. What belongs to a service that is paid for answers 501.</summary>
internal static class UserRoutes
{
    private const string Management = "/v1/user-management";
    private const string Users = Management + "/users";
    private const string One = Users + "/{" + ScaleBoxAccounts.IdParameter + "}";

    public static IServiceCollection AddUsers(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxAccounts>();

    public static void MapUsers(this IEndpointRouteBuilder app)
    {
        var users = app.ServiceProvider.GetRequiredService<ScaleBoxAccounts>();
        app.MapPut("/v1/users/me", users.UpdateMeAsync).Takes<WireUpdateMe>()
            .Says<WireEnvelope<WireUser>>(200, "Change how you are shown.").Fails(400, 413);
        app.MapMethods(Users, Read, users.ListAsync).ForAdmins().With(ScaleBoxParameters.Projects)
            .Says<WireEnvelope<WireUsers>>(200, "List the users.").Fails(400, 403);
        app.MapPost(Users, users.CreateAsync).ForAdmins().Takes<WireCreateUser>()
            .Says<WireEnvelope<WireUser>>(201, "Make a user.").Fails(400, 403, 409, 413);
        app.MapMethods(One, Read, users.GetAsync).ForAdmins().Says<WireEnvelope<WireUser>>(200, "One user.").Fails(403, 404);
        app.MapPut(One, users.UpdateAsync).ForAdmins().Takes<WireUpdateUser>()
            .Says<WireEnvelope<WireUser>>(200, "Change, disable or enable a user.").Fails(400, 403, 404, 409, 413);
        app.MapDelete(One, users.DeleteAsync).ForAdmins()
            .Says<WireEnvelope<WireUserId>>(200, "Delete a user who has no sandboxes that are not over, no snapshots and no templates.").Fails(403, 404, 409);
        app.MapPost(One + "/reset-password", users.ResetPasswordAsync).ForAdmins().Takes<WireResetPassword>()
            .Says<WireEnvelope<WireUserId>>(200, "Give a user another password.").Fails(400, 403, 404, 413);
        app.MapPost(Management + "/change-password", users.ChangePasswordAsync).Takes<WireChangePassword>()
            .Says<WireEnvelope<WireUserId>>(200, "Change your password.").Fails(400, 413);
        app.MapPost(Management + "/request-password-reset", users.RequestResetAsync)
            .Says<WireEnvelope<WireUserId>>(200, "Ask who manages users for another password.").Fails(429);
        app.MapMethods(Management + "/account", Read, users.AccountAsync).Says<WireEnvelope<WireAccountDetail>>(200, "Your account.");
        app.MapMethods(Management + "/plans", Read, users.PlansAsync).Says<WireEnvelope<WirePlans>>(200, "The one plan there is.");
        app.Commercial(Management + "/account/subscription/{**rest}");
        app.Commercial(Management + "/email-change/{**rest}");
        app.Commercial(Management + "/email-change-requests/{**rest}");
    }

    private static void Commercial(this IEndpointRouteBuilder app, string route) => app
        .MapMethods(route, ["GET", "POST", "PUT", "DELETE"], Task (HttpContext http) => throw new Fault(
            FaultCode.NotImplemented, "a self-hosted installation has no subscriptions, bills or mail: who runs it changes addresses and quotas").AsException())
        .ExcludeFromDescription();
}
