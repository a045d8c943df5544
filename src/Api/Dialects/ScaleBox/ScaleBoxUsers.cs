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
        string region = node.Capabilities.Region;
        return Task.FromResult(reply.Data(new WireRegions([new WireRegion(region, RegionName(region))])));
    }

    public Task<IResult> MeAsync(HttpContext http, CancellationToken cancellation) =>
        Task.FromResult(reply.Data(ScaleBoxMapping.User(http.Caller().User)));

    /// <summary><c>us-east</c> is shown as US East.</summary>
    internal static string RegionName(string id) => string.Join(
        ' ',
        id.Split('-').Select((word, i) => i == 0 && word.Length == 2 ? word.ToUpperInvariant() : char.ToUpperInvariant(word[0]) + word[1..]));
}
