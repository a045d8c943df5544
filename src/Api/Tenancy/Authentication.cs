using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Atoll.Api.Tenancy;

/// <summary>Marks a route that needs no credential.</summary>
internal sealed class PublicRoute;

/// <summary>
/// Marks a route of one sandbox that also takes <c>?token=</c>, for browsers' EventSource, which can send no headers:
/// an API key or the sandbox's own access token.
/// </summary>
/// <param name="Parse">Reads the sandbox's id out of the route.</param>
internal sealed record TokenRoute(Func<RouteValueDictionary, SandboxId?> Parse);

/// <summary>
/// Finds out who asks. Everything below <c>/v1</c> needs a credential, routes that do not exist included, so that
/// nobody learns without a key what exists.
/// </summary>
internal sealed class Authentication(RequestDelegate next, IApiKeys keys, IAccessTokens tokens, ISandboxOwners owners, RateLimits limits)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (NeedsCaller(http))
        {
            if (await AuthenticateAsync(http) is not { } caller)
            {
                limits.Charge(http);
                throw Refusal(http).AsException();
            }

            http.Features.Set(caller);
        }

        await next(http);
    }

    private static bool NeedsCaller(HttpContext http)
    {
        Endpoint? endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<PublicRoute>() is not null || HttpMethods.IsOptions(http.Request.Method))
        {
            return false;
        }

        return endpoint is RouteEndpoint || http.Request.Path.StartsWithSegments("/v1");
    }

    private async ValueTask<Caller?> AuthenticateAsync(HttpContext http)
    {
        if (Credential.FromHeaders(http.Request.Headers) is { } secret)
        {
            return await keys.AuthenticateAsync(secret, http.RequestAborted);
        }

        if (http.GetEndpoint()?.Metadata.GetMetadata<TokenRoute>() is not { } route
            || Http.QueryValues.Text(http.Request.Query, "token") is not { } token)
        {
            return null;
        }

        return route.Parse(http.Request.RouteValues) is { } id && tokens.Matches(id, token)
            ? await owners.OwnerAsync(id, http.RequestAborted)
            : await keys.AuthenticateAsync(token, http.RequestAborted);
    }

    private static Fault Refusal(HttpContext http) => new(
        FaultCode.Unauthenticated,
        Credential.FromHeaders(http.Request.Headers) is null && !http.Request.Query.ContainsKey("token")
            ? "an API key is required: send it in the X-API-Key header"
            : "the credential is unknown, disabled or expired");
}

/// <summary>Takes the API key out of a request's headers, in each spelling that clients use.</summary>
internal static class Credential
{
    private const string E2bPrefix = "e2b_", NativePrefix = "sk-";
    private const int Longest = 512;
    private static readonly string[] Schemes = ["Api-Key ", "Bearer "];

    /// <summary>
    /// E2B's clients take only keys that begin with <c>e2b_</c>: such a one is the same secret as the key that begins
    /// with <c>sk-</c> instead.
    /// </summary>
    private static string Native(string key) =>
        key.StartsWith(E2bPrefix, StringComparison.Ordinal) ? NativePrefix + key[E2bPrefix.Length..] : key;

    /// <summary><c>X-API-Key</c>, else <c>Authorization: Api-Key</c> or <c>Bearer</c>; null when there is none.</summary>
    public static string? FromHeaders(IHeaderDictionary headers)
    {
        string? key = headers["X-API-Key"];
        if (string.IsNullOrEmpty(key))
        {
            string authorization = headers[HeaderNames.Authorization].ToString();
            string? scheme = Array.Find(Schemes, s => authorization.StartsWith(s, StringComparison.OrdinalIgnoreCase));
            key = scheme is null ? null : authorization[scheme.Length..].Trim();
        }

        return string.IsNullOrEmpty(key) || key.Length > Longest ? null : Native(key);
    }
}

internal static class CallerOfRequest
{
    /// <summary>Who asks. Only for routes behind <see cref="Authentication"/>.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException("the route is public: nobody was authenticated");
}
