using Atoll.Api.Edge;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane;

/// <summary>Marks a data-plane route that checks by itself whether the sender may: health, and signed URLs.</summary>
internal sealed class OpenDataPlaneRoute;

/// <summary>
/// Lets nobody at a sandbox's data plane without its access token in <c>X-Access-Token</c>, unless the sandbox was made
/// with <c>secure: false</c>. A sandbox that is not there and one that is somebody else's are answered alike.
/// </summary>
internal sealed class DataPlaneAccess(RequestDelegate next, ISandboxAgents agents, IAccessTokens tokens)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<OpenDataPlaneRoute>() is null)
        {
            SandboxTarget target = http.Features.Get<SandboxTarget>()!;
            Sandbox? sandbox = await agents.FindAsync(target.Id, http.RequestAborted);
            if (sandbox is not { Secure: false } && !tokens.Matches(target.Id, http.Request.Headers["X-Access-Token"].ToString()))
            {
                throw new Fault(FaultCode.Unauthenticated, "the sandbox's access token is required: send it in the X-Access-Token header").AsException();
            }
        }

        await next(http);
    }
}
