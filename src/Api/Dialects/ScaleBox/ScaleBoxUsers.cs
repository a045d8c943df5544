using System.Reflection;
using Atoll.Api.Tenancy;
using Atoll.Domain.Nodes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Says who the caller is and what the installation offers.</summary>
internal sealed class ScaleBoxUsers(INode node, ScaleBoxReply reply)
{
    private static readonly string Version = typeof(ScaleBoxUsers).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public Task<IResult> HealthAsync(HttpContext http, CancellationToken cancellation) =>
        Task.FromResult(ScaleBoxReply.Raw(new WireHealth("ok", Version)));

    /// <summary>Regions with capacity: that of the one node.</summary>
    public Task<IResult> RegionsAsync(HttpContext http, CancellationToken cancellation)
    {
        string here = node.Capabilities.Region;
        return Task.FromResult(reply.Data(new WireRegions(
            [.. Region.Catalogue.Where(region => region.Id == here).Select(region => new WireRegion(region.Id, region.Name))])));
    }

    public Task<IResult> MeAsync(HttpContext http, CancellationToken cancellation) =>
        Task.FromResult(reply.Data(ScaleBoxMapping.User(http.Caller().User)));
}
