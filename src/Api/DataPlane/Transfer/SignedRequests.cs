using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Finds the sandbox of a signed URL by trying the token of each that is there. Only says whose it is: whether it lets the
/// request in, <see cref="FileGate"/> checks again.
/// </summary>
internal sealed class SignedRequests(ISandboxAgents agents, IAccessTokens tokens) : ISignedRequests
{
    private const string Download = "/download/";
    private static readonly PathString[] ByQuery = ["/files", "/upload"];

    // What clients sign for when the URL names no user.
    private static readonly string[] Unnamed = ["", "root"];

    public SandboxId? OwnerOf(HttpRequest request)
    {
        if (SignedUrl.Of(request.Query) is not { } url || PathOf(request) is not { } paths)
        {
            return null;
        }

        FileOperation operation = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? FileOperation.Read : FileOperation.Write;
        string[] users = QueryValues.Text(request.Query, "username") is { } user ? [user] : Unnamed;
        foreach (SandboxId id in agents.Live)
        {
            if (url.MadeWith(tokens.For(id), operation, paths, users))
            {
                return id;
            }
        }

        return null;
    }

    private static IReadOnlyList<string>? PathOf(HttpRequest request)
    {
        if (request.Path.Value!.StartsWith(Download, StringComparison.Ordinal))
        {
            return SignedUrl.PathForms(request.HttpContext.PathBehind(Download));
        }

        return Array.Exists(ByQuery, path => request.Path == path) ? SignedUrl.PathForms(QueryValues.Text(request.Query, "path")) : null;
    }
}
