using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge;

/// <summary>
/// Says which sandbox a request is for (contracts/scalebox.md 7.5, contracts/e2b.md 3.2). The first that answers wins:
/// <code>
///   1. the sandbox's own local port        3. E2b-Sandbox-Id, else X-Sandbox-ID
///   2. Host                                4. X-Access-Token    5. signature     (4 and 5: paths of the data plane only)
/// </code>
/// None of them: the control plane. The name in TLS (SNI) decides nothing: who resumes a session or shares a connection may
/// ask for another host in it. Where 1 or 2 and a header name two sandboxes, the request is refused rather than guessed
/// at, unless it is for a program in the sandbox, whose headers are its own business.
/// </summary>
internal sealed class TargetFinder(SandboxHosts hosts, ISandboxAgents agents, IEnumerable<ISignedRequests> signed)
{
    public const string IdHeader = "E2b-Sandbox-Id";
    public const string PortHeader = "E2b-Sandbox-Port";
    private const string OtherIdHeader = "X-Sandbox-ID";
    private const string TokenHeader = "X-Access-Token";
    private const int LongestToken = 256;

    private static readonly string[] Services = ["/sandboxagent.", "/process.Process/", "/filesystem.Filesystem/"];

    private static readonly PathString[] Paths =
        ["/health", "/upload", "/download", "/files", "/envs", "/metrics", "/execute", "/contexts"];

    /// <exception cref="FaultException">What should name a sandbox or a port is malformed or contradicts itself.</exception>
    public SandboxTarget? Find(HttpContext http)
    {
        HttpRequest request = http.Request;
        HostClaim host = hosts.Read(request.Host.Host);
        SandboxId? local = http.Features.Get<LocalAddress>()?.Id;
        if (local is not null && host.Id is { } other && other != local)
        {
            throw Contradiction("Host", "this local port");
        }

        if ((local ?? host.Id) is { } addressed)
        {
            return Checked(
                new SandboxTarget(addressed, host.Port ?? PortOf(request), local is null ? TargetSource.HostName : TargetSource.LocalPort),
                request);
        }

        if (HeaderId(request) is { } named)
        {
            return new SandboxTarget(named, host.Port ?? PortOf(request), TargetSource.Header);
        }

        if (host.Port is { } port)
        {
            throw new Fault(FaultCode.InvalidArgument, $"Host names port {port} and no sandbox").AsException();
        }

        return IsDataPlane(request.Path) ? Owner(request) : null;
    }

    private static SandboxTarget Checked(SandboxTarget target, HttpRequest request) =>
        !target.IsDataPlane || HeaderId(request) is not { } named || named == target.Id
            ? target
            : throw Contradiction("a header", target.Source is TargetSource.LocalPort ? "this local port" : "Host");

    private static SandboxId? HeaderId(HttpRequest request)
    {
        foreach (string header in new[] { IdHeader, OtherIdHeader })
        {
            if (request.Headers[header].ToString() is { Length: > 0 } text)
            {
                return SandboxHosts.TryId(text) ?? throw new Fault(FaultCode.InvalidArgument, $"{header} holds no id of a sandbox").AsException();
            }
        }

        return null;
    }

    private static int? PortOf(HttpRequest request) =>
        request.Headers[PortHeader].ToString() is { Length: > 0 } text ? SandboxHosts.Port(text) : null;

    private SandboxTarget? Owner(HttpRequest request)
    {
        if (request.Headers[TokenHeader].ToString() is { Length: > 0 and <= LongestToken } token)
        {
            return agents.FindByToken(token) is { } id
                ? new SandboxTarget(id, null, TargetSource.AccessToken)
                : throw new Fault(FaultCode.Unauthenticated, $"the token in {TokenHeader} is that of no sandbox that is there").AsException();
        }

        return signed.Select(each => each.OwnerOf(request)).FirstOrDefault(id => id is not null) is { } owner
            ? new SandboxTarget(owner, null, TargetSource.Signature)
            : null;
    }

    private static bool IsDataPlane(PathString path) =>
        Array.Exists(Services, service => path.Value!.StartsWith(service, StringComparison.Ordinal))
        || Array.Exists(Paths, known => path.StartsWithSegments(known, StringComparison.Ordinal));

    private static FaultException Contradiction(string one, string other) =>
        new Fault(FaultCode.InvalidArgument, $"{one} names another sandbox than {other} does").AsException();
}
