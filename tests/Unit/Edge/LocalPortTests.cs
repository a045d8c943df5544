using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Atoll.Server.Edge;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>Sandboxes on ports of their own.</summary>
public sealed class LocalPortTests : IAsyncLifetime
{
    private readonly SimulatedServer _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Each_sandbox_has_an_address_of_its_own_before_create_answers_and_needs_its_own_token_there()
    {
        (RunningBox one, string atOne) = await CreateAsync();
        (RunningBox two, string atTwo) = await CreateAsync();

        Assert.NotEqual(atOne, atTwo);
        Assert.Equal(404, await AskAsync(atOne, one.Token));
        Assert.Equal(404, await AskAsync(atTwo, two.Token));
        Assert.Equal(401, await AskAsync(atOne, two.Token));
    }

    [Fact]
    public async Task The_address_is_given_back_when_the_sandbox_is_over()
    {
        (RunningBox box, string at) = await CreateAsync();

        await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        JsonElement over = await _server.UntilAsync(box, "terminated");

        Assert.Equal(_server.Address.Authority, over.GetProperty("sandbox_domain").GetString());
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPEndPoint.Parse(at)));
    }

    [Fact]
    public async Task A_connection_on_it_stays_the_sandboxs_when_that_is_over()
    {
        (RunningBox box, string at) = await CreateAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{at}") };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode);

        await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await _server.UntilAsync(box, "terminated");

        // A new connection would be refused: it is the one from before that answers.
        Assert.Equal(HttpStatusCode.BadGateway, (await client.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.BadGateway, (await client.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task A_port_that_another_program_holds_is_passed_over_and_when_none_is_left_the_create_says_so()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        PortRange range = TakeOneOfTwo(other);
        await RestartAsync(range);
        (RunningBox box, string at) = await CreateAsync();

        Assert.Contains(IPEndPoint.Parse(at).Port, Enumerable.Range(range.First, range.Count));
        Reply refused = await _server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { });
        refused.IsError(503, "no_capacity");
        Assert.Contains($"{range}", refused.Error);

        other.Dispose();
        await CreateAsync();
        Assert.Equal(404, await AskAsync(at, box.Token));
    }

    private async Task RestartAsync(PortRange range)
    {
        await _server.StopAsync();
        _server.Shape = options => options with { SandboxPorts = range };
        await _server.StartAsync();
    }

    private async Task<(RunningBox Box, string Address)> CreateAsync()
    {
        RunningBox box = await _server.CreateAsync();
        JsonElement seen = (await _server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data;
        string address = seen.GetProperty("sandbox_domain").GetString()!;
        Assert.Equal(address, seen.GetProperty("domain").GetString());
        Assert.StartsWith("127.0.0.1:", address, StringComparison.Ordinal);
        return (box, address);
    }

    private static async Task<int> AskAsync(string address, string token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}/nothing");
        request.Headers.Add("X-Access-Token", token);
        return (int)(await client.SendAsync(request)).StatusCode;
    }

    /// <summary>Two ports in a row, of which the socket holds the first.</summary>
    private static PortRange TakeOneOfTwo(Socket socket)
    {
        for (int first = 31_000; ; first += 2)
        {
            try
            {
                using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                free.Bind(new IPEndPoint(IPAddress.Loopback, first + 1));
                socket.Bind(new IPEndPoint(IPAddress.Loopback, first));
                socket.Listen();
                return new PortRange(first, first + 1);
            }
            catch (SocketException) when (first < 32_000)
            {
            }
        }
    }
}
