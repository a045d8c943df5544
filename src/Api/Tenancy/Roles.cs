using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Tenancy;

/// <summary>Marks a route that changes nothing though its method says that it may.</summary>
internal sealed class ReadingRoute;

/// <summary>Marks a route for who manages others: role admin or root.</summary>
internal sealed class AdminRoute;

/// <summary>
/// Refuses what the caller's role does not allow, in one place for every route of both dialects: a viewer only reads, and
/// only who manages others reaches the routes for that. Whose a thing is, is the ports' business.
/// </summary>
internal sealed class Roles(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<Caller>() is { } caller && http.GetEndpoint() is { } endpoint)
        {
            Check(caller.User.Role, http.Request.Method, endpoint.Metadata);
        }

        return next(http);
    }

    private static void Check(Role role, string method, EndpointMetadataCollection route)
    {
        if (role is not (Role.Admin or Role.Root) && route.GetMetadata<AdminRoute>() is not null)
        {
            throw Refused("this needs the role admin or root: ask who runs the server");
        }

        bool reads = HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)
            || route.GetMetadata<ReadingRoute>() is not null;
        if (role is Role.Viewer && !reads)
        {
            throw Refused("your role is viewer, which reads and changes nothing: ask who runs the server for the role member");
        }
    }

    private static FaultException Refused(string why) => new Fault(FaultCode.Forbidden, why).AsException();
}
