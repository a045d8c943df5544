using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Decides who may transfer a file by plain HTTP: who has the sandbox's access token, who has a URL that was signed with
/// it, and everybody when the sandbox was made with <c>secure: false</c>.
/// </summary>
internal sealed class FileGate(ISandboxAgents agents, IAccessTokens tokens, TimeProvider time)
{
    /// <summary>Throws <see cref="FaultCode.Unauthenticated"/> for everybody else.</summary>
    /// <param name="path">The path in the URL, which a signature covers.</param>
    /// <param name="unnamed">What clients sign as the user when the URL names none.</param>
    /// <returns>True when a signature let the request in: then only what the URL says counts, and no header.</returns>
    public async ValueTask<bool> CheckAsync(HttpContext http, FileOperation operation, string? path, params string[] unnamed)
    {
        SandboxId id = http.Features.Get<SandboxTarget>()!.Id;
        if (await agents.FindAsync(id, http.RequestAborted) is { Secure: false })
        {
            return false;
        }

        string given = http.Request.Headers["X-Access-Token"].ToString();
        if (given.Length > 0)
        {
            return tokens.Matches(id, given) ? false : throw Refuse("the access token in X-Access-Token is not this sandbox's");
        }

        if (SignedUrl.Of(http.Request.Query) is not { } url)
        {
            throw Refuse("the sandbox's access token is required: send it in the X-Access-Token header, or use a signed URL");
        }

        string[] users = QueryValues.Text(http.Request.Query, "username") is { } user ? [user] : unnamed;
        if (!url.MadeWith(tokens.For(id), operation, SignedUrl.PathForms(path), users))
        {
            throw Refuse("the signature does not fit: it is for another path, user, operation or sandbox");
        }

        return url.Expired(time.GetUtcNow()) is { } expired ? throw expired.AsException() : true;
    }

    private static FaultException Refuse(string message) => new Fault(FaultCode.Unauthenticated, message).AsException();
}
