using Atoll.Api.DataPlane;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.E2b;

/// <summary>What envd tells of its sandbox: the environment and what it uses (contracts/e2b.md 2.5).</summary>
internal sealed class E2bMachine(ISandboxAgents agents, INode node, E2bDataFaults faults) : IDataPlaneRoutes
{
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/envs", Read, EnvironmentAsync).WithMetadata(faults).ExcludeFromDescription();
        routes.MapMethods("/metrics", Read, MetricsAsync).WithMetadata(faults).ExcludeFromDescription();
    }

    private async Task<IResult> EnvironmentAsync(HttpContext http, CancellationToken cancellation)
    {
        await http.AgentAsync(agents);
        Sandbox? sandbox = await agents.FindAsync(http.SandboxId(), cancellation);
        return Results.Json(sandbox?.Environment ?? new Dictionary<string, string>(), E2bDataJson.Wire.IReadOnlyDictionaryStringString);
    }

    private async Task<IResult> MetricsAsync(HttpContext http, CancellationToken cancellation)
    {
        await http.AgentAsync(agents);
        int processors = (await agents.FindAsync(http.SandboxId(), cancellation))?.Resources.CpuCount ?? 1;
        SandboxStats stats = await node.StatsAsync(http.SandboxId(), cancellation);
        return Results.Json(
            new WireEnvdMetrics(
                stats.At.ToUnixTimeSeconds(), processors, Math.Round(stats.CpuUsedPercent, 2), stats.MemoryTotal, stats.MemoryUsed,
                stats.MemoryCache, stats.MemoryTotal >> 20, stats.MemoryUsed >> 20, stats.DiskUsed, stats.DiskTotal),
            E2bDataJson.Wire.WireEnvdMetrics);
    }
}
