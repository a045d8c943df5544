using Atoll.Api.DataPlane;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge;

/// <summary>Finds out whether a request is for a sandbox, and leads it there instead of to the control plane.</summary>
internal sealed class EdgeRouting(RequestDelegate next, DataPlanePipeline dataPlane)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (TargetOf(http) is not { } target)
        {
            return next(http);
        }

        http.Features.Set(target);
        return dataPlane.InvokeAsync(http);
    }

    private static SandboxTarget? TargetOf(HttpContext http)
    {
        HttpRequest request = http.Request;
        int? port = int.TryParse(request.Headers["E2b-Sandbox-Port"], out int given) ? given : null;
        if (http.Features.Get<LocalAddress>() is { } local)
        {
            return new SandboxTarget(local.Id, port, TargetSource.LocalPort);
        }

        string id = request.Headers["E2b-Sandbox-Id"].ToString() is { Length: > 0 } e2b ? e2b : request.Headers["X-Sandbox-ID"].ToString();
        const string prefix = "sbx-";
        return SandboxId.TryParse(id.StartsWith(prefix, StringComparison.Ordinal) ? id[prefix.Length..] : id, out SandboxId sandbox)
            ? new SandboxTarget(sandbox, port, TargetSource.Header)
            : null;
    }
}
