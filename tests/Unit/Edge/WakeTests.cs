using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Atoll.Server;
using Atoll.Unit.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>What comes for a sandbox that is paused: who may brings it back, once, and is then served; nothing else does.</summary>
public sealed class WakeTests : IAsyncLifetime
{
    private const int RawPort = 6379;
    private readonly SimulatedServer _server = new() { Shape = options => options with { RawTcp = new RawTcpOptions(0, IsRequired: true) } };
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly List<TestProgram> _programs = [];

    public Task InitializeAsync() => _server.InitializeAsync();

    public async Task DisposeAsync()
    {
        foreach (TestProgram program in _programs)
        {
            await program.DisposeAsync();
        }

        await _server.DisposeAsync();
        _limit.Dispose();
    }

    [Theory]
    [InlineData("program")]
    [InlineData("websocket")]
    [InlineData("raw tcp")]
    [InlineData("rpc")]
    [InlineData("file")]
    [InlineData("exec")]
    [InlineData("file by the control plane")]
    public async Task Each_way_in_wakes_a_sandbox_that_resumes_by_itself_and_is_served(string way)
    {
        RunningBox box = await PausedAsync(autoResume: true);

        await UseAsync(box, way);

        Assert.Equal("running", await StatusAsync(box));
        Assert.Equal(1, await ResumesAsync(box));
    }

    [Theory]
    [InlineData("program")]
    [InlineData("rpc")]
    [InlineData("file")]
    public async Task One_that_does_not_is_a_bad_gateway_and_stays_paused(string way)
    {
        RunningBox box = await PausedAsync(autoResume: false);
        Assert.Equal(502, await AskAsync(box, way));
        Assert.Equal("paused", await StatusAsync(box));
    }

    [Fact]
    public async Task Raw_TCP_to_one_that_does_not_is_closed()
    {
        RunningBox box = await PausedAsync(autoResume: false);
        await using RawTcpClient client = await RawTcpClient.ConnectAsync(_server, $"{RawPort}-{box.Name}.localhost", _limit.Token);
        Assert.Equal(0, await ReadAsync(client));
        Assert.Equal("paused", await StatusAsync(box));
    }

    [Fact]
    public async Task A_command_by_the_control_plane_says_that_it_is_paused()
    {
        RunningBox box = await PausedAsync(autoResume: false);
        (await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/exec", new { command = "true" })).IsError(409, "wrong_state");
    }

    [Fact]
    public async Task Being_asked_whether_it_runs_wakes_none()
    {
        RunningBox box = await PausedAsync(autoResume: true);
        Assert.Equal(502, (await _server.SendAsync(box, HttpMethod.Get, "/health")).Status);
        await _server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/status");
        Assert.Equal(("paused", 0), (await StatusAsync(box), await ResumesAsync(box)));
        await UseAsync(box, "rpc");
        Assert.Equal(200, (await _server.SendAsync(box, HttpMethod.Get, "/health")).Status);
    }

    [Fact]
    public async Task Who_may_not_use_it_does_not_wake_it()
    {
        RunningBox box = await PausedAsync(autoResume: true, network: new { allowPublicTraffic = false });
        Assert.Equal(403, await AskAsync(box, "program"));
        Assert.Equal(401, await AskAsync(box with { Token = "no such token" }, "rpc"));
        Assert.Equal(401, await AskAsync(box with { Token = "no such token" }, "file"));
        Assert.Equal(("paused", 0), (await StatusAsync(box), await ResumesAsync(box)));
    }

    [Fact]
    public async Task Any_number_of_requests_at_once_wake_it_once_and_all_are_served()
    {
        RunningBox box = await PausedAsync(autoResume: true);

        string[] ways = ["program", "websocket", "raw tcp", "rpc", "file"];
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => UseAsync(box, ways[i % ways.Length])));

        Assert.Equal(1, await ResumesAsync(box));
    }

    [Fact]
    public async Task A_reply_that_is_streamed_is_streamed_after_a_wake_too()
    {
        RunningBox box = await PausedAsync(autoResume: true);
        using HttpRequestMessage request = To(box, "/events");
        using HttpResponseMessage response = await _server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _limit.Token);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(_limit.Token));
        Assert.Equal("data: 1", await body.ReadLineAsync(_limit.Token));
        _programs[^1].Go.SetResult();
        Assert.Equal("", await body.ReadLineAsync(_limit.Token));
        Assert.Equal("data: 2", await body.ReadLineAsync(_limit.Token));
    }

    [Fact]
    public async Task Connections_of_before_a_pause_end_with_it_and_none_is_used_after_it()
    {
        RunningBox box = await CreateAsync(autoResume: true);
        int connections = 0;
        TestProgram.Listen(_server, box, 8080, connection => AnswerAsync(connection, () => Interlocked.Increment(ref connections)));
        using ClientWebSocket socket = await SocketAsync(box);
        await using RawTcpClient raw = await RawTcpClient.ConnectAsync(_server, $"{RawPort}-{box.Name}.localhost", _limit.Token);
        Assert.Equal("PING", await raw.AskAsync("PING", _limit.Token));
        Assert.NotEqual("0", await TextAsync(box, 8080));
        int before = connections;

        await PauseAsync(box);

        await EndsAsync(socket);
        Assert.Equal(0, await ReadAsync(raw));
        Assert.InRange(int.Parse(await TextAsync(box, 8080)), before + 1, int.MaxValue);
    }

    [Fact]
    public async Task A_change_of_its_record_is_enough_for_new_connections()
    {
        RunningBox box = await CreateAsync(autoResume: false);
        int connections = 0;
        TestProgram.Listen(_server, box, 8080, connection => AnswerAsync(connection, () => Interlocked.Increment(ref connections)));
        int before = int.Parse(await TextAsync(box, 8080));
        Assert.Equal(200, (await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/timeout", new { timeout = 900 })).Status);
        Assert.InRange(int.Parse(await TextAsync(box, 8080)), before + 1, int.MaxValue);
    }

    private Task UseAsync(RunningBox box, string way) => way switch
    {
        "websocket" => SpeakAsync(box),
        "raw tcp" => RawAsync(box),
        "exec" => OkAsync(_server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/exec", new { command = "true" })),
        "file by the control plane" => OkAsync(_server.ControlAsync(
            HttpMethod.Post, $"/v1/sandboxes/{box.Name}/files/stat", new { path = "/" })),
        _ => ServedAsync(box, way),
    };

    private async Task ServedAsync(RunningBox box, string way) => Assert.Equal(200, await AskAsync(box, way));

    private static async Task OkAsync(Task<Reply> asking)
    {
        Reply reply = await asking;
        Assert.True(reply.Status is 200 or 201, $"{reply.Status} {reply.Text}");
    }

    /// <returns>The status.</returns>
    private async Task<int> AskAsync(RunningBox box, string way)
    {
        switch (way)
        {
            case "program":
                using (HttpRequestMessage request = To(box, "/any"))
                {
                    return (int)(await _server.Client.SendAsync(request, _limit.Token)).StatusCode;
                }

            case "rpc":
                return (await _server.SendAsync(box, HttpMethod.Post, "/process.Process/List", JsonContent.Create(new { }))).Status;
            case "file":
                return (await _server.SendAsync(box, HttpMethod.Get, "/download/kept")).Status;
            default:
                throw new ArgumentOutOfRangeException(nameof(way), way, "no way in");
        }
    }

    private async Task SpeakAsync(RunningBox box)
    {
        using ClientWebSocket socket = await SocketAsync(box);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, _limit.Token);
        byte[] answer = new byte[16];
        ValueWebSocketReceiveResult received = await socket.ReceiveAsync(answer.AsMemory(), _limit.Token);
        Assert.Equal("hello", Encoding.ASCII.GetString(answer, 0, received.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", _limit.Token);
    }

    private async Task RawAsync(RunningBox box)
    {
        await using RawTcpClient client = await RawTcpClient.ConnectAsync(_server, $"{RawPort}-{box.Name}.localhost", _limit.Token);
        Assert.Equal("PING", await client.AskAsync("PING", _limit.Token));
    }

    private async Task<ClientWebSocket> SocketAsync(RunningBox box)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("E2b-Sandbox-Id", box.Name);
        socket.Options.SetRequestHeader("E2b-Sandbox-Port", $"{TestProgram.Port}");
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new UriBuilder(_server.Address) { Scheme = "ws", Path = "/socket" }.Uri, _limit.Token);
        return socket;
    }

    private async Task EndsAsync(ClientWebSocket socket)
    {
        try
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(new byte[16].AsMemory(), _limit.Token);
            Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        }
        catch (WebSocketException)
        {
            // Cut, as it must be: the program had no time to say goodbye.
        }
    }

    private async Task<int> ReadAsync(RawTcpClient client)
    {
        try
        {
            return await client.Tls.ReadAsync(new byte[16], _limit.Token);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private async Task<string> TextAsync(RunningBox box, int port)
    {
        using HttpRequestMessage request = To(box, "/", port);
        HttpResponseMessage response = await _server.Client.SendAsync(request, _limit.Token);
        return await response.Content.ReadAsStringAsync(_limit.Token);
    }

    private static HttpRequestMessage To(RunningBox box, string path, int port = TestProgram.Port)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("E2b-Sandbox-Id", box.Name);
        request.Headers.Add("E2b-Sandbox-Port", $"{port}");
        return request;
    }

    private async Task<RunningBox> PausedAsync(bool autoResume, object? network = null)
    {
        RunningBox box = await CreateAsync(autoResume, network);
        await PauseAsync(box);
        return box;
    }

    private async Task<RunningBox> CreateAsync(bool autoResume, object? network = null)
    {
        RunningBox box = network is null
            ? await _server.CreateAsync(new { auto_resume = autoResume, timeout = 600 })
            : await CreateE2bAsync(autoResume, network);
        _programs.Add(await TestProgram.StartAsync(_server, box));
        TestProgram.Listen(_server, box, RawPort, EchoAsync);
        using var form = new MultipartFormDataContent { { new StringContent("kept"), "file", "/kept" } };
        Assert.Equal(200, (await _server.SendAsync(box, HttpMethod.Post, "/upload", form)).Status);
        return box;
    }

    private async Task<RunningBox> CreateE2bAsync(bool enabled, object network)
    {
        Reply made = await _server.ControlAsync(
            HttpMethod.Post, "/v2/sandboxes", new { templateID = "base", autoPause = true, autoResume = new { enabled }, network });
        Assert.True(made.Status == 201, made.Text);
        string id = made.Json.GetProperty("sandboxID").GetString()!;
        return new RunningBox(SandboxId.Parse(id), $"sbx-{id}", made.Json.GetProperty("envdAccessToken").GetString()!);
    }

    private async Task PauseAsync(RunningBox box)
    {
        Reply paused = await _server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/pause");
        Assert.True(paused.Status == 200, paused.Text);
    }

    private async Task<string> StatusAsync(RunningBox box) =>
        (await _server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data.GetProperty("status").GetString()!;

    private async Task<int> ResumesAsync(RunningBox box) => (await _server.ControlAsync(
        HttpMethod.Get, $"/v1/sandboxes/{box.Name}/events?type=sandbox.resumed")).Data.GetProperty("events").GetArrayLength();

    private static async Task EchoAsync(Stream connection)
    {
        await using (connection)
        {
            byte[] block = new byte[1024];
            int count;
            while ((count = await connection.ReadAsync(block)) > 0)
            {
                await connection.WriteAsync(block.AsMemory(0, count));
            }
        }
    }

    /// <summary>Answers every request of a connection with the connection's number.</summary>
    private static async Task AnswerAsync(Stream connection, Func<int> number)
    {
        string own = $"{number()}";
        await using (connection)
        {
            using var reader = new StreamReader(connection, leaveOpen: true);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0)
                {
                    await connection.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {own.Length}\r\n\r\n{own}"));
                }
            }
        }
    }
}
