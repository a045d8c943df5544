using Atoll.Api.Tenancy;
using Atoll.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>What the routes of all nouns are said with.</summary>
internal static class RouteWords
{
    /// <summary>One sandbox.</summary>
    public const string Box = "/v1/sandboxes/{" + ScaleBoxMapping.IdParameter + "}";

    /// <summary>The methods of what only reads.</summary>
    public static string[] Read { get; } = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Answers 501, so that a client is told rather than guessing.</summary>
    public static void NotBuilt(this IEndpointRouteBuilder app, string route, params string[] methods) => app
        .MapMethods(route, methods, Task (HttpContext http, CancellationToken cancellation) => throw new Fault(
            FaultCode.NotImplemented, $"{http.Request.Method} {route} is known and not built in this version").AsException())
        .ExcludeFromDescription();

    /// <summary>Takes no credential.</summary>
    public static RouteHandlerBuilder Public(this RouteHandlerBuilder route) => route.WithMetadata(new PublicRoute());

    /// <summary>Also takes <c>?token=</c>.</summary>
    public static RouteHandlerBuilder TakesToken(this RouteHandlerBuilder route) => route.WithMetadata(
        new TokenRoute(values => ScaleBoxMapping.ParseId(values[ScaleBoxMapping.IdParameter] as string)));

    /// <summary>Changes nothing, whatever its method.</summary>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder route) => route.WithMetadata(new ReadingRoute());

    /// <summary>Makes sandboxes.</summary>
    public static RouteHandlerBuilder Creates(this RouteHandlerBuilder route) => route.WithMetadata(new CreatingRoute());

    /// <summary>Only for who manages others.</summary>
    public static RouteHandlerBuilder ForAdmins(this RouteHandlerBuilder route) => route.WithMetadata(new AdminRoute());
}
