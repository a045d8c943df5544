using System.Collections.Concurrent;
using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Finds the sandbox of a signed URL by trying the token of each that is there. That is work for strangers, so it is bounded
/// for all requests together; what was found is remembered, and found again for nothing. Only says whose it is: whether it
/// lets the request in, <see cref="FileGate"/> checks again.
/// </summary>
internal sealed class SignedRequests(ISandboxAgents agents, IAccessTokens tokens, TimeProvider time) : ISignedRequests
{
    /// <summary>Digests computed in one second for all such requests: some percent of one processor.</summary>
    public const int DigestsPerSecond = 50_000;

    private const int SignatureLength = 46;
    private const int MostRemembered = 1024;
    private const string Download = "/download/";
    private static readonly PathString[] ByQuery = ["/files", "/upload"];

    // What clients sign for when the URL names no user.
    private static readonly string[] Unnamed = ["", "root"];

    private readonly ConcurrentDictionary<string, SandboxId> _found = new();
    private readonly Lock _lock = new();
    private double _budget = DigestsPerSecond;
    private long _refilled = time.GetTimestamp();

    /// <exception cref="FaultException"><see cref="FaultCode.RateLimited"/>: too much was asked of late.</exception>
    public SandboxId? OwnerOf(HttpRequest request)
    {
        if (SignedUrl.Of(request.Query) is not { Signature.Length: SignatureLength } url || PathOf(request) is not { } paths)
        {
            return null;
        }

        if (_found.TryGetValue(url.Signature, out SandboxId known))
        {
            return known;
        }

        FileOperation operation = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? FileOperation.Read : FileOperation.Write;
        string[] users = QueryValues.Text(request.Query, "username") is { } user ? [user] : Unnamed;
        foreach (SandboxId id in agents.Live)
        {
            Spend(paths.Count * users.Length);
            if (url.MadeWith(tokens.For(id), operation, paths, users))
            {
                Remember(url.Signature, id);
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

    private void Remember(string signature, SandboxId id)
    {
        if (_found.Count >= MostRemembered)
        {
            _found.Clear();
        }

        _found[signature] = id;
    }

    private void Spend(int digests)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _budget = Math.Min(DigestsPerSecond, _budget + (time.GetElapsedTime(_refilled, now).TotalSeconds * DigestsPerSecond));
            _refilled = now;
            if (_budget < digests)
            {
                throw new Fault(
                    FaultCode.RateLimited, "too many signed URLs that name no sandbox: use the sandbox's own address, or try again in a second").AsException();
            }

            _budget -= digests;
        }
    }
}
