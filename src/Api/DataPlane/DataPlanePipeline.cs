using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.DataPlane;

/// <summary>Routes of the data plane: what a sandbox's own address answers, beside what runs in the sandbox.</summary>
internal interface IDataPlaneRoutes
{
    void Map(IEndpointRouteBuilder routes);
}

/// <summary>
/// The pipeline of requests that are for a sandbox's data plane: its own routing, since its paths are other than the
/// control plane's, then who may, then the dialects' routes.
/// </summary>
internal sealed class DataPlanePipeline
{
    private readonly RequestDelegate _pipeline;

    public DataPlanePipeline(IServiceProvider services, IEnumerable<IDataPlaneRoutes> dialects)
    {
        var app = new ApplicationBuilder(services);
        app.UseRouting();
        app.UseMiddleware<DataPlaneAccess>();
        app.UseEndpoints(routes =>
        {
            foreach (IDataPlaneRoutes dialect in dialects)
            {
                dialect.Map(routes);
            }
        });
        _pipeline = app.Build();
    }

    public Task InvokeAsync(HttpContext http) => _pipeline(http);
}
