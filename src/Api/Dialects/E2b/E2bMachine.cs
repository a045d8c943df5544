using Atoll.Api.DataPlane;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.E2b;

/// <summary>What envd tells of its sandbox: the environment (contracts/e2b.md 2.5).</summary>
internal sealed class E2bMachine(ISandboxAgents agents, E2bDataFaults faults) : IDataPlaneRoutes
{
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/envs", Read, EnvironmentAsync).WithMetadata(faults).ExcludeFromDescription();

    private async Task<IResult> EnvironmentAsync(HttpContext http, CancellationToken cancellation)
    {
        await http.AgentAsync(agents);
        Sandbox? sandbox = await agents.FindAsync(http.SandboxId(), cancellation);
        return Results.Json(sandbox?.Environment ?? new Dictionary<string, string>(), E2bDataJson.Default.IReadOnlyDictionaryStringString);
    }
}
