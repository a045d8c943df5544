using Atoll.Api.Edge;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane;

/// <summary>Marks a data-plane route that checks by itself whether the sender may: health, and signed URLs.</summary>
internal sealed class OpenDataPlaneRoute;

/// <summary>
/// Marks a data-plane route whose clients send no access token, because E2B serves it as one of the sandbox's ports
/// (contracts/e2b.md 4): who may reach the ports may, by that port. Nothing that reads, writes or runs what is in the sandbox is such.
/// </summary>
internal sealed class PortRoute;

/// <summary>
/// Lets nobody at a sandbox's data plane without its access token in <c>X-Access-Token</c>, unless the sandbox was made
/// with <c>secure: false</c>. A sandbox that is not there and one that is somebody else's are answered alike.
/// </summary>
internal sealed class DataPlaneAccess(RequestDelegate next, ISandboxAgents agents, IAccessTokens tokens)
{
    public async Task InvokeAsync(HttpContext http)
    {
        EndpointMetadataCollection? route = http.GetEndpoint()?.Metadata;
        if (route?.GetMetadata<OpenDataPlaneRoute>() is null)
        {
            SandboxTarget target = http.Features.Get<SandboxTarget>()!;
            Sandbox? sandbox = await agents.FindAsync(target.Id, http.RequestAborted);
            if (sandbox is not { Secure: false }
                && !tokens.Matches(target.Id, http.Request.Headers["X-Access-Token"].ToString())
                && !(target.Port is not null && route?.GetMetadata<PortRoute>() is not null && MayReachPorts(sandbox, http.Request.Headers["e2b-traffic-access-token"].ToString())))
            {
                throw new Fault(FaultCode.Unauthenticated, "the sandbox's access token is required: send it in the X-Access-Token header").AsException();
            }
        }

        await next(http);
    }

    private bool MayReachPorts(Sandbox? sandbox, string token) => sandbox is not null && (sandbox.PublicTraffic || tokens.MatchesTraffic(sandbox.Id, token));
}
