using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Atoll.Api.Edge.Proxy;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class SandboxProxyTests(SimulatedServer server) : IClassFixture<SimulatedServer>, IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = server.Address };
    private RunningBox _box = null!;
    private TestProgram _program = null!;

    public async Task InitializeAsync()
    {
        _box = await server.CreateAsync();
        _program = await TestProgram.StartAsync(server, _box);
    }

    public async Task DisposeAsync()
    {
        await _program.DisposeAsync();
        _client.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_request_reaches_the_program_and_what_is_not_its_business_does_not()
    {
        using HttpRequestMessage request = To(HttpMethod.Post, "/any");
        request.Headers.Host = "my.app.test:8080";
        request.Content = new StringContent("hello");
        foreach ((string name, string value) in ((string, string)[])[
            ("X-Access-Token", _box.Token), ("e2b-traffic-access-token", "t"), ("X-Sandbox-ID", _box.Name), ("X-API-Key", server.Key),
            ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Prefix", "/evil"), ("Forwarded", "for=6.6.6.6"), ("X-Real-IP", "6.6.6.6"),
            ("TE", "trailers"), ("Proxy-Authorization", "Basic x"), ("Keep-Alive", "timeout=1"),
            ("Authorization", "Bearer the-apps-own"), ("Cookie", "a=1; b=2"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        string[] lines = (await BodyOfAsync(request)).Split('\n');

        Assert.Equal("POST", lines[0]);
        Assert.Equal("hello", lines[^1]);
        Assert.Equal(
            [
                "Authorization: Bearer the-apps-own", "Content-Length: 5", "Content-Type: text/plain; charset=utf-8", "Cookie: a=1; b=2",
                "Forwarded: for=127.0.0.1;host=\"my.app.test:8080\";proto=http", "Host: my.app.test:8080", "X-Forwarded-For: 127.0.0.1",
                "X-Forwarded-Host: my.app.test:8080", "X-Forwarded-Port: 8080", "X-Forwarded-Proto: http",
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ],
            lines[1..^2].Order(StringComparer.Ordinal));
    }

    // Kestrel shows no more of Connection than close or keep-alive when it holds one of them, so this is asked of the copy itself.
    [Fact]
    public void What_Connection_names_stays_on_the_connection()
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Connection = "close, X-Hop, X-Forwarded-For";
        http.Request.Headers["X-Hop"] = "1";
        http.Request.Headers["X-End"] = "2";
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://x/");
        ProxyHeaders.CopyRequest(http.Request, request, "a");

        Assert.Equal(
            ["Forwarded", "Host", "X-End", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"],
            request.Headers.Select(header => header.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_key_of_an_apps_own_passes_in_the_header_in_which_ours_does_not()
    {
        using HttpRequestMessage request = To(HttpMethod.Get, "/any");
        request.Headers.Add("X-API-Key", "the-apps-own");

        Assert.Contains("X-API-Key: the-apps-own\n", await BodyOfAsync(request));
    }

    [Theory]
    [InlineData("/a%2Fb/./c/../d//e")]
    [InlineData("/?x=%20+%zz&y=[]{}|")]
    [InlineData("//other.host/x")]
    public async Task The_target_passes_byte_by_byte(string target)
    {
        await RawHttp.AskAsync(server.Address, $"GET {target} HTTP/1.1\r\nHost: x\r\n{RoutingLines()}Connection: close\r\n\r\n", _limit.Token);

        Assert.Equal([target], _program.Seen);
    }

    [Fact]
    public async Task Events_arrive_when_they_are_sent()
    {
        using HttpResponseMessage response = await SendAsync(To(HttpMethod.Get, "/events"));
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("data: 1", await events.ReadLineAsync(_limit.Token));

        _program.Go.SetResult();
        Assert.Equal("\ndata: 2\n\n", await events.ReadToEndAsync(_limit.Token));
    }

    [Fact]
    public async Task A_WebSocket_speaks_with_the_program()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("E2b-Sandbox-Id", _box.Name);
        socket.Options.SetRequestHeader("E2b-Sandbox-Port", $"{TestProgram.Port}");
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/socket" }.Uri, _limit.Token);
        Assert.Equal("chat", socket.SubProtocol);

        byte[] buffer = new byte[100_000];
        foreach (int size in (int[])[1, 125, 126, 70_000])
        {
            await socket.SendAsync(new byte[size], WebSocketMessageType.Binary, true, _limit.Token);
            int got = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(got), _limit.Token);
                got += received.Count;
            }
            while (!received.EndOfMessage);
            Assert.Equal(size, got);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", _limit.Token);
        Assert.Equal("bye", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task A_WebSocket_over_HTTP_2_is_an_upgrade_to_the_program()
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("E2b-Sandbox-Id", _box.Name);
        socket.Options.SetRequestHeader("E2b-Sandbox-Port", $"{TestProgram.Port}");
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "wss", Path = "/socket" }.Uri, invoker, _limit.Token);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, _limit.Token);
        byte[] buffer = new byte[100];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, _limit.Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", _limit.Token);
    }

    [Fact]
    public async Task Large_bodies_pass_in_both_directions_without_being_kept()
    {
        const long size = 200L * 1024 * 1024;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using HttpRequestMessage up = To(HttpMethod.Post, "/count");
        up.Content = new StreamContent(new Zeroes(size));
        Assert.Equal($"{size}", await BodyOfAsync(up));

        using HttpResponseMessage down = await SendAsync(To(HttpMethod.Get, $"/zeroes/{size}"));
        await using Stream body = await down.Content.ReadAsStreamAsync();
        long got = 0;
        byte[] block = new byte[64 * 1024];
        while (await body.ReadAsync(block, _limit.Token) is var count and > 0)
        {
            got += count;
        }

        Assert.Equal(size, got);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 50 * 1024 * 1024);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_programs_request()
    {
        using (HttpResponseMessage response = await SendAsync(To(HttpMethod.Get, "/forever")))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await _program.GivenUp.Task.WaitAsync(_limit.Token);
    }

    [Fact]
    public async Task Where_nothing_listens_the_answer_says_so_to_programs_and_to_people()
    {
        using HttpResponseMessage json = await SendAsync(To(HttpMethod.Get, "/", port: 9));
        Assert.Equal(HttpStatusCode.BadGateway, json.StatusCode);
        JsonElement body = JsonDocument.Parse(await json.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((_box.Id.Value, 9, 502), (body.GetProperty("sandboxId").GetString(), body.GetProperty("port").GetInt32(), body.GetProperty("code").GetInt32()));

        using HttpRequestMessage browser = To(HttpMethod.Get, "/", port: 9);
        browser.Headers.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
        using HttpResponseMessage page = await SendAsync(browser);
        Assert.Equal(HttpStatusCode.BadGateway, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Contains("port 9", await page.Content.ReadAsStringAsync());

        using HttpResponseMessage agent = await SendAsync(To(HttpMethod.Get, "/", port: 1023));
        Assert.Equal(HttpStatusCode.BadGateway, agent.StatusCode);
        using HttpResponseMessage beyond = await SendAsync(To(HttpMethod.Get, "/", port: 65536));
        Assert.Equal(HttpStatusCode.BadRequest, beyond.StatusCode);
    }

    [Fact]
    public async Task A_sandbox_that_is_over_and_one_that_never_was_answer_502()
    {
        using var terminate = new HttpRequestMessage(HttpMethod.Delete, $"/v1/sandboxes/{_box.Name}");
        terminate.Headers.Add("X-API-Key", server.Key);
        using HttpResponseMessage gone = await server.Client.SendAsync(terminate);
        Assert.True(gone.IsSuccessStatusCode);
        foreach (string id in (string[])[_box.Name, "sbx-01k5w0000000000000000000zz"])
        {
            using HttpRequestMessage request = To(HttpMethod.Get, "/");
            request.Headers.Remove("E2b-Sandbox-Id");
            request.Headers.Add("E2b-Sandbox-Id", id);
            using HttpResponseMessage response = await SendAsync(request);
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
            JsonElement body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(id["sbx-".Length..], body.GetProperty("sandboxId").GetString());
            Assert.False(body.TryGetProperty("port", out _));
        }
    }

    [Fact]
    public async Task Traffic_that_is_not_public_needs_its_token_and_programs_see_the_host_that_was_chosen()
    {
        using var create = new HttpRequestMessage(HttpMethod.Post, "/sandboxes")
        {
            Content = new StringContent(
                """{"templateID":"base","secure":true,"network":{"allowPublicTraffic":false,"maskRequestHost":"app:${PORT}"}}""", Encoding.UTF8, "application/json"),
        };
        create.Headers.Add("X-API-Key", server.Key.Replace("sk-", "e2b_", StringComparison.Ordinal));
        using HttpResponseMessage created = await _client.SendAsync(create);
        string text = await created.Content.ReadAsStringAsync();
        Assert.True(created.IsSuccessStatusCode, text);
        JsonElement sandbox = JsonDocument.Parse(text).RootElement;
        string id = sandbox.GetProperty("sandboxID").GetString()!;
        var box = new RunningBox(SandboxId.Parse(id), id, "");
        await using TestProgram program = await TestProgram.StartAsync(server, box);

        using HttpResponseMessage without = await SendAsync(To(HttpMethod.Get, "/any", TestProgram.Port, box));
        Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        using HttpRequestMessage with = To(HttpMethod.Get, "/any", TestProgram.Port, box);
        with.Headers.Add("e2b-traffic-access-token", sandbox.GetProperty("trafficAccessToken").GetString());
        string seen = await BodyOfAsync(with);
        Assert.Contains("Host: app:3000\n", seen);
        Assert.DoesNotContain("token", seen, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_named_port_leads_to_the_port_of_its_program()
    {
        RunningBox box = await server.CreateAsync(new
        {
            custom_ports = new[] { new { port = 8080, service_port = 3999, protocol = "TCP", name = "web" } },
        });
        TestProgram.ListenRaw(server, box, 3999, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal("hi", await BodyOfAsync(To(HttpMethod.Get, "/", port: 8080, box)));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n", 200, 42L)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, null)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0L)]
    [InlineData("GET", "HTTP/1.1 302 Found\r\nLocation: /there\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", 302, 0L)]
    [InlineData("GET", "what is this\r\n\r\n", 502, null)]
    [InlineData("GET", "", 502, null)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 502, null)]
    public async Task Answers_of_every_kind_pass_as_they_are(string method, string answer, int status, long? length)
    {
        TestProgram.ListenRaw(server, _box, 4000, answer);
        using HttpResponseMessage response = await SendAsync(To(new HttpMethod(method), "/", port: 4000));

        Assert.Equal(status, (int)response.StatusCode);
        if (length is not null)
        {
            Assert.Equal(length, response.Content.Headers.ContentLength);
        }
    }

    [Fact]
    public async Task Headers_of_a_program_pass_byte_by_byte_and_without_what_a_proxy_must_not_repeat()
    {
        TestProgram.ListenRaw(
            server, _box, 4001,
            "HTTP/1.1 200 Fine\r\nX-Name: na\u00EFve\r\nX-Bell: a\u0007b\r\nConnection: X-Mine, close\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nContent-Encoding: gzip\r\n"
            + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nhi");
        string answer = await RawHttp.AskAsync(
            server.Address, $"GET / HTTP/1.1\r\nHost: x\r\n{RoutingLines(4001)}Connection: close\r\n\r\n", _limit.Token);

        Assert.Contains("X-Name: na\u00EFve\r\n", answer);
        Assert.Contains("Content-Encoding: gzip\r\n", answer);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", answer);
        Assert.DoesNotContain("X-Mine", answer);
        Assert.DoesNotContain("X-Bell", answer);
        Assert.DoesNotContain("Keep-Alive", answer);
    }

    [Fact]
    public async Task An_answer_that_is_cut_short_is_cut_short_for_the_client_too()
    {
        TestProgram.ListenRaw(server, _box, 4002, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi");

        await Assert.ThrowsAsync<HttpRequestException>(() => BodyOfAsync(To(HttpMethod.Get, "/", port: 4002)));
    }

    [Fact]
    public async Task Headers_of_a_program_are_bounded()
    {
        TestProgram.ListenRaw(server, _box, 4003, $"HTTP/1.1 200 OK\r\nX: {new string('x', 80_000)}\r\n\r\n");
        using HttpResponseMessage response = await SendAsync(To(HttpMethod.Get, "/", port: 4003));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task Trailers_pass_to_clients_of_HTTP_2()
    {
        TestProgram.ListenRaw(
            server, _box, 4004, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 42\r\n\r\n");
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var client = new HttpClient(handler);
        using HttpRequestMessage request = To(HttpMethod.Get, "/", port: 4004);
        request.RequestUri = new UriBuilder(server.Address) { Scheme = "https" }.Uri;
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        using HttpResponseMessage response = await client.SendAsync(request, _limit.Token);

        Assert.Equal("body", await response.Content.ReadAsStringAsync(_limit.Token));
        Assert.Equal("42", response.TrailingHeaders.GetValues("X-Sum").Single());
        Assert.Equal("body", await BodyOfAsync(To(HttpMethod.Get, "/", port: 4004)));
    }

    [Fact]
    public async Task A_client_that_asks_first_whether_to_send_is_told()
    {
        using HttpRequestMessage request = To(HttpMethod.Post, "/count");
        request.Headers.ExpectContinue = true;
        request.Content = new ByteArrayContent(new byte[1000]);

        Assert.Equal("1000", await BodyOfAsync(request));
    }

    private HttpRequestMessage To(HttpMethod method, string path, int port = TestProgram.Port, RunningBox? box = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("E2b-Sandbox-Id", (box ?? _box).Name);
        request.Headers.Add("E2b-Sandbox-Port", $"{port}");
        return request;
    }

    private string RoutingLines(int port = TestProgram.Port) => $"E2b-Sandbox-Id: {_box.Name}\r\nE2b-Sandbox-Port: {port}\r\n";

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) =>
        _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _limit.Token);

    private async Task<string> BodyOfAsync(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await SendAsync(request);
        return await response.Content.ReadAsStringAsync(_limit.Token);
    }

    /// <summary>So many zero bytes, of no memory.</summary>
    private sealed class Zeroes(long count) : Stream
    {
        private long _left = count;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int taken = (int)Math.Min(count, _left);
            _left -= taken;
            return taken;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
