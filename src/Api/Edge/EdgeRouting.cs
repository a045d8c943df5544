using Atoll.Api.DataPlane;
using Atoll.Api.Edge.Proxy;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.Edge;

/// <summary>
/// Leads a request that is for a sandbox there instead of to the control plane: to the data plane, or to the program that
/// listens on the port it names.
/// </summary>
internal sealed class EdgeRouting(RequestDelegate next, TargetFinder finder, DataPlanePipeline dataPlane, SandboxProxy proxy)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (Find(http) is not { } target)
        {
            return next(http);
        }

        http.Features.Set(target);

        if (target.IsDataPlane)
        {
            // The listener's least rate holds for files; calls that take what a user types say themselves that they wait.
            return dataPlane.InvokeAsync(http);
        }

        // Input to a program comes when its user types: a body that pauses is no attack here. What waits is bounded by
        // the program's connection, and the connections' number by the listener.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return proxy.InvokeAsync(http, target.Id, target.Port!.Value);
    }

    private SandboxTarget? Find(HttpContext http)
    {
        try
        {
            return finder.Find(http);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.InvalidArgument)
        {
            http.Features.Set(new EdgeFailure(null, null));
            throw;
        }
    }
}
