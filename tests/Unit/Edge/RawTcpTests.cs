using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Atoll.Api.Edge.RawTcp;
using Atoll.Server;
using Atoll.Server.Edge;
using Atoll.Unit.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>Programs that speak no HTTP, reached by the name in TLS.</summary>
public sealed class RawTcpTests : IAsyncLifetime
{
    private const int Port = 6379;
    private readonly SimulatedServer _server = new() { Shape = options => options with { RawTcp = new RawTcpOptions(0, IsRequired: true) } };
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private RunningBox _box = null!;

    private string Name => $"{Port}-{_box.Name}.localhost";

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _box = await _server.CreateAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_program_is_reached_by_the_name_that_the_client_asks_for()
    {
        RunningBox other = await _server.CreateAsync();
        Answer(_box, Port, "+PONG\r\n");
        Answer(other, Port, "+OTHER\r\n");

        await using RawTcpClient one = await ConnectAsync(Name);
        await using RawTcpClient two = await ConnectAsync($"{Port}-{other.Id.Value}.localhost");

        Assert.Equal("+PONG\r\n", await one.AskAsync("PING\r\n", _limit.Token));
        Assert.Equal("+PONG\r\n", await one.AskAsync("PING\r\n", _limit.Token));
        Assert.Equal("+OTHER\r\n", await two.AskAsync("PING\r\n", _limit.Token));
    }

    [Fact]
    public async Task A_named_port_leads_to_the_port_on_which_its_program_listens()
    {
        await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{_box.Name}/ports", new { port = Port, service_port = 16379, name = "redis" });
        Answer(_box, 16379, "+PONG\r\n");

        await using RawTcpClient client = await ConnectAsync(Name);

        Assert.Equal("+PONG\r\n", await client.AskAsync("PING\r\n", _limit.Token));
    }

    [Fact]
    public async Task A_client_that_has_said_all_is_still_answered_and_the_end_of_the_answer_reaches_it()
    {
        TestProgram.Listen(_server, _box, Port, async connection =>
        {
            await using (connection)
            {
                var all = new MemoryStream();
                await connection.CopyToAsync(all);
                await connection.WriteAsync(all.ToArray().AsEnumerable().Reverse().ToArray());
            }
        });
        await using RawTcpClient client = await ConnectAsync(Name);

        await client.Tls.WriteAsync("abc"u8.ToArray(), _limit.Token);
        await client.Tls.ShutdownAsync();

        Assert.Equal("cba", Encoding.ASCII.GetString(await client.RestAsync(_limit.Token)));
    }

    [Fact]
    public async Task A_program_that_ends_ends_the_connection_even_while_the_client_still_sends()
    {
        TestProgram.Listen(_server, _box, Port, async connection =>
        {
            await using (connection)
            {
                await connection.WriteAsync("bye"u8.ToArray());
            }
        });
        await using RawTcpClient client = await ConnectAsync(Name);
        await client.Tls.WriteAsync(new byte[1024], _limit.Token);

        Assert.Equal("bye", Encoding.ASCII.GetString(await client.RestAsync(_limit.Token)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("6379.localhost")]
    [InlineData("{id}.localhost")]
    [InlineData("49983-{id}.localhost")]
    [InlineData("49999-{id}.localhost")]
    [InlineData("0-{id}.localhost")]
    [InlineData("65536-{id}.localhost")]
    [InlineData("6379-{id}.example.com")]
    [InlineData("6379-sbx-01arz3ndektsv4rrffq69g5fav.localhost")]
    public async Task Whom_the_name_does_not_lead_to_a_program_gets_an_alert_before_any_certificate(string name)
    {
        Answer(_box, Port, "+PONG\r\n");

        await Assert.ThrowsAsync<AuthenticationException>(() => ConnectAsync(name.Replace("{id}", _box.Name, StringComparison.Ordinal)));
        Assert.Equal([21, 3, 3, 0, 2, 2, 112], await AnswerToHelloAsync(name.Replace("{id}", _box.Name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_sandbox_whose_traffic_is_not_public_is_not_reached()
    {
        Reply made = await _server.ControlAsync(
            HttpMethod.Post, "/sandboxes", new { templateID = "base", secure = true, network = new { allowPublicTraffic = false } });
        Assert.True(made.Status == 201, made.Text);
        string id = made.Json.GetProperty("sandboxID").GetString()!;

        await Assert.ThrowsAsync<AuthenticationException>(() => ConnectAsync($"{Port}-{id}.localhost"));
    }

    [Fact]
    public async Task A_port_on_which_nothing_listens_closes_the_connection_without_a_byte()
    {
        await using RawTcpClient client = await ConnectAsync(Name);

        Assert.Empty(await RestOrResetAsync(client));
    }

    [Fact]
    public async Task A_slow_reader_holds_the_program_back_and_gets_every_byte()
    {
        const int total = 24 * 1024 * 1024;
        long written = 0;
        TestProgram.Listen(_server, _box, Port, async connection =>
        {
            await using (connection)
            {
                byte[] piece = new byte[64 * 1024];
                for (int at = 0; at < total; at += piece.Length)
                {
                    piece.AsSpan().Fill((byte)(at / piece.Length));
                    await connection.WriteAsync(piece);
                    Interlocked.Add(ref written, piece.Length);
                }
            }
        });
        await using RawTcpClient client = await RawTcpClient.ConnectAsync(_server, Name, _limit.Token, receiveBuffer: 16 * 1024);
        Assert.Equal(0, client.Tls.ReadByte());
        Assert.True(Interlocked.Read(ref written) < total);

        byte[] rest = await client.RestAsync(_limit.Token);

        Assert.Equal(total - 1, rest.Length);
        Assert.All(Enumerable.Range(1, (total / (64 * 1024)) - 1), piece => Assert.Equal((byte)piece, rest[(piece * 64 * 1024) - 1]));
    }

    [Fact]
    public async Task The_end_of_the_sandbox_ends_its_connections()
    {
        Answer(_box, Port, "+PONG\r\n");
        await using RawTcpClient client = await ConnectAsync(Name);
        Assert.Equal("+PONG\r\n", await client.AskAsync("PING\r\n", _limit.Token));

        await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{_box.Name}/terminate");

        Assert.Empty(await RestOrResetAsync(client));
    }

    [Fact]
    public async Task The_stop_of_the_server_ends_connections()
    {
        Answer(_box, Port, "+PONG\r\n");
        await using RawTcpClient client = await ConnectAsync(Name);
        Assert.Equal("+PONG\r\n", await client.AskAsync("PING\r\n", _limit.Token));

        await _server.StopAsync();

        Assert.Empty(await RestOrResetAsync(client));
    }

    [Fact]
    public async Task One_sandbox_has_a_bounded_number_of_connections_and_room_again_when_some_end()
    {
        Answer(_box, Port, "+PONG\r\n");
        var edge = _server.Services.GetRequiredService<RawTcpEdge>();
        RawTcpTarget target = (await edge.FindAsync(Name, _limit.Token))!;
        using var end = new CancellationTokenSource();
        Task<bool>[] held = [.. Enumerable.Range(0, RawTcpEdge.MaxPerSandbox).Select(_ => edge.ServeAsync(target, new Pipe().Reader.AsStream(), end.Token))];

        Assert.False(await edge.ServeAsync(target, new Pipe().Reader.AsStream(), _limit.Token));
        await end.CancelAsync();
        await Task.WhenAll(held);

        await using RawTcpClient client = await ConnectAsync(Name);
        Assert.Equal("+PONG\r\n", await client.AskAsync("PING\r\n", _limit.Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_port_that_is_taken_stops_the_server_only_when_it_was_asked_for(bool isRequired)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await _server.StopAsync();
        _server.Shape = options => options with { RawTcp = new RawTcpOptions(((IPEndPoint)other.LocalEndpoint).Port, isRequired) };

        if (isRequired)
        {
            IOException e = await Assert.ThrowsAsync<IOException>(_server.StartAsync);
            Assert.Contains("--tcp-port", e.Message, StringComparison.Ordinal);
        }
        else
        {
            await _server.StartAsync();
            Assert.Null(_server.Services.GetRequiredService<RawTcpListener>().Bound);
            await _server.CreateAsync();
        }
    }

    private Task<RawTcpClient> ConnectAsync(string name) => RawTcpClient.ConnectAsync(_server, name, _limit.Token);

    private void Answer(RunningBox box, int port, string answer) => TestProgram.Listen(_server, box, port, async connection =>
    {
        await using (connection)
        {
            byte[] asked = new byte[64];
            while (await connection.ReadAsync(asked) > 0)
            {
                await connection.WriteAsync(Encoding.ASCII.GetBytes(answer));
            }
        }
    });

    private async Task<byte[]> RestOrResetAsync(RawTcpClient client)
    {
        try
        {
            return await client.RestAsync(_limit.Token);
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>All that the server says, in plain, to a client's first message.</summary>
    private async Task<byte[]> AnswerToHelloAsync(string name)
    {
        using Socket socket = await RawTcpClient.DialAsync(_server, _limit.Token);
        using var hello = new MemoryStream();
        var into = new HelloOnly(hello);
        await using var tls = new SslStream(into);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync(name));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(hello.ToArray(), _limit.Token);
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer, _limit.Token);
        return answer.ToArray();
    }

    /// <summary>Keeps what a client says first, and answers with the end.</summary>
    private sealed class HelloOnly(MemoryStream said) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            said.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            said.WriteAsync(buffer, offset, count, cancellationToken);
    }
}
