using Atoll.Api.Edge;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Atoll.Api.DataPlane;

/// <summary>Leads a request of the data plane to its sandbox.</summary>
internal static class SandboxOfRequest
{
    /// <summary>The sandbox that the edge found.</summary>
    public static SandboxId SandboxId(this HttpContext http) => http.Features.Get<SandboxTarget>()!.Id;

    /// <summary>
    /// The agent of the request's sandbox, which counts as used until the request ends. One that is not there or does not run is <see cref="FaultCode.AgentUnavailable"/>
    /// here, so that "not found" is left for what is looked for in the sandbox.
    /// </summary>
    public static async ValueTask<IAgent> AgentAsync(this HttpContext http, ISandboxAgents agents)
    {
        http.Response.RegisterForDispose(agents.Use(http.SandboxId()));
        try
        {
            return await agents.AgentAsync(http.SandboxId(), http.RequestAborted);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound or FaultCode.WrongState)
        {
            throw new FaultException(e.Fault with { Code = FaultCode.AgentUnavailable }, e);
        }
    }

    /// <summary>The path behind a prefix of the request's URL, with every escape undone, also that of a slash, which routing leaves.</summary>
    public static string PathBehind(this HttpContext http, string prefix)
    {
        string raw = http.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0] ?? "";
        return raw.StartsWith(prefix, StringComparison.Ordinal)
            ? Uri.UnescapeDataString(raw[prefix.Length..])
            : http.Request.RouteValues["path"] as string ?? "";
    }
}
