using System.Net;
using System.Net.Sockets;
using System.Text;
using Atoll.Api.DataPlane;
using Atoll.Control.Tenancy;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Attacks;

/// <summary>A server with two sandboxes of one user, and the key of another user.</summary>
public sealed class TwoSandboxes : IAsyncLifetime
{
    internal SimulatedServer Server { get; } = new();

    /// <summary>The one that is attacked.</summary>
    internal RunningBox A { get; private set; } = null!;

    /// <summary>The one whose token and address the attacker has.</summary>
    internal RunningBox B { get; private set; } = null!;

    /// <summary>Host and port of A's own address; <see cref="AddressOfB"/> that of B's.</summary>
    internal string AddressOfA { get; private set; } = "";

    internal string AddressOfB { get; private set; } = "";

    internal string StrangersKey { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await Server.InitializeAsync();
        (A, B) = (await Server.CreateAsync(), await Server.CreateAsync());
        (AddressOfA, AddressOfB) = (await AddressAsync(A), await AddressAsync(B));
        var tenancy = Server.Services.GetRequiredService<TenancyAdmin>();
        await tenancy.EnsureUserAsync("stranger");
        StrangersKey = (await tenancy.CreateKeyAsync("stranger", "attack")).Secret;
    }

    public Task DisposeAsync() => Server.DisposeAsync();

    /// <summary>Every route of the data plane, as it is registered: method, a path that fits it, and whether it checks access itself.</summary>
    internal IReadOnlyList<(string Method, string Path, bool IsOpen)> DataPlane()
    {
        var map = new RouteMap(Server.Services);
        foreach (IDataPlaneRoutes routes in Server.Services.GetServices<IDataPlaneRoutes>())
        {
            routes.Map(map);
        }

        return [.. map.DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>().SelectMany(Requests)];
    }

    /// <summary>Every route of the control plane below a sandbox.</summary>
    internal IReadOnlyList<(string Method, string Path)> ControlPlane() =>
    [
        .. Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.Contains("sandboxes/{", StringComparison.Ordinal))
            .SelectMany(Requests).Select(request => (request.Method, request.Path)).Where(request => request.Path.Contains('{')),
    ];

    /// <summary>Sends bytes and returns all that comes until the server closes, or until nothing came for a while.</summary>
    internal static async Task<string> RawAsync(string address, string request)
    {
        IPEndPoint end = IPEndPoint.Parse(address);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(end);
        NetworkStream stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        var answer = new StringBuilder();
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                using var silence = new CancellationTokenSource(TimeSpan.FromSeconds(answer.Length == 0 ? 20 : 1));
                int count = await stream.ReadAsync(buffer, silence.Token);
                if (count == 0)
                {
                    return answer.ToString();
                }

                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && answer.Length > 0)
        {
            // Reset or kept open after the answer.
            return answer.ToString();
        }
    }

    private async Task<string> AddressAsync(RunningBox box) =>
        (await Server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data.GetProperty("sandbox_domain").GetString()!;

    private static IEnumerable<(string Method, string Path, bool IsOpen)> Requests(RouteEndpoint endpoint)
    {
        string path = endpoint.RoutePattern.Parameters.Aggregate(
            "/" + endpoint.RoutePattern.RawText!.TrimStart('/'),
            (text, parameter) => text.Replace(
                parameter.IsCatchAll ? $"{{**{parameter.Name}}}" : $"{{{parameter.Name}}}", parameter.IsCatchAll ? "etc/hostname" : "{" + parameter.Name + "}"));
        bool isOpen = endpoint.Metadata.GetMetadata<OpenDataPlaneRoute>() is not null;
        IReadOnlyList<string> methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } named ? named : ["POST"];
        return methods.Select(method => (method, path, isOpen));
    }

    private sealed class RouteMap(IServiceProvider services) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => services;

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);
    }
}
