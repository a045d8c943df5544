using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Edge;

/// <summary>Programs that listen in a sandbox, reached through the server.</summary>
[Collection(SharedServer.Name)]
public sealed class PortTests(ServerFixture server)
{
    private static readonly TimeSpan ComesUp = TimeSpan.FromSeconds(20);

    // Enough of RFC 6455 to say once what was heard; nothing but Python's own library.
    private const string EchoServer = """
        import base64, hashlib, socket
        s = socket.create_server(("127.0.0.1", 8004))
        while True:
            c, _ = s.accept()
            head = b""
            while b"\r\n\r\n" not in head:
                head += c.recv(4096)
            key = [l.split(b": ")[1] for l in head.split(b"\r\n") if l.lower().startswith(b"sec-websocket-key")][0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            f = c.recv(4096)
            n = f[1] & 127
            c.sendall(bytes([f[0], n]) + bytes(b ^ f[2 + i % 4] for i, b in enumerate(f[6:6 + n])))
            c.recv(4096)
            c.close()
        """;

    [RealMachineFact]
    public async Task Programs_are_reached_on_every_address_and_through_WebSockets_and_what_is_closed_says_so()
    {
        await using Box box = await server.Api.CreateAsync();
        string script = Convert.ToBase64String(Encoding.UTF8.GetBytes(EchoServer));
        ExecOutcome started = await box.ExecAsync(
            "mkdir /tmp/www; echo hello > /tmp/www/index.html; cd /tmp/www; "
            + string.Concat(new[] { ("127.0.0.1", 8001), ("0.0.0.0", 8002), ("::1", 8003) }.Select(
                each => $"setsid python3 -m http.server --bind {each.Item1} {each.Item2} >/dev/null 2>&1 & "))
            + $"echo {script} | base64 -d > /tmp/echo.py; setsid python3 /tmp/echo.py >/dev/null 2>&1 & true");
        Assert.Equal(0, started.ExitCode);

        foreach (int port in (int[])[8001, 8002, 8003])
        {
            Assert.Equal("hello\n", await FetchAsync(box, port));
        }

        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("E2b-Sandbox-Id", box.Id);
        socket.Options.SetRequestHeader("E2b-Sandbox-Port", "8004");
        using var limit = new CancellationTokenSource(ComesUp);
        await socket.ConnectAsync(new UriBuilder(server.Api.Http.BaseAddress!) { Scheme = "ws" }.Uri, limit.Token);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, limit.Token);
        byte[] heard = new byte[100];
        WebSocketReceiveResult received = await socket.ReceiveAsync(heard, limit.Token);
        Assert.Equal("ping", Encoding.UTF8.GetString(heard, 0, received.Count));

        foreach (int port in (int[])[8009, 1023])
        {
            using HttpResponseMessage closed = await AskAsync(box, port);
            Assert.Equal(502, (int)closed.StatusCode);
            Assert.Contains($"\"port\":{port}", await closed.Content.ReadAsStringAsync());
        }
    }

    private async Task<string> FetchAsync(Box box, int port)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            using HttpResponseMessage reply = await AskAsync(box, port);
            if (reply.IsSuccessStatusCode)
            {
                return await reply.Content.ReadAsStringAsync();
            }

            Assert.True(watch.Elapsed < ComesUp, $"port {port}: {reply.StatusCode}");
            await Task.Delay(100);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(Box box, int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("E2b-Sandbox-Id", box.Id);
        request.Headers.Add("E2b-Sandbox-Port", $"{port}");
        return await server.Api.Http.SendAsync(request);
    }
}
