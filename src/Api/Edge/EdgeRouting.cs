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

        // Input to a program comes when its user types: a body that pauses is no attack here. What waits is bounded by
        // the data planes themselves, and the connection's number by the listener.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return target.IsDataPlane ? dataPlane.InvokeAsync(http) : proxy.InvokeAsync(http, target.Id, target.Port!.Value);
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
