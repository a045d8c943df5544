using System.Text.Json;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>A server with a domain: sandboxes have names below it and no ports of their own.</summary>
public sealed class DomainTests : IAsyncLifetime
{
    private readonly SimulatedServer _server = new() { Shape = options => options with { Domain = "sandboxes.example.com:8443" } };

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_sandbox_is_reached_by_its_name_below_the_domain()
    {
        RunningBox box = await _server.CreateAsync();
        JsonElement seen = (await _server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data;
        string domain = seen.GetProperty("sandbox_domain").GetString()!;

        Assert.Equal($"{box.Name}.sandboxes.example.com:8443", domain);
        Assert.Equal(404, await AskAsync(domain, box.Token));
        Assert.Equal(401, await AskAsync(domain, "wrong"));
    }

    private async Task<int> AskAsync(string host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/nothing") { Headers = { { "X-Access-Token", token } } };
        request.Headers.Host = host;
        return (int)(await _server.Client.SendAsync(request)).StatusCode;
    }
}
