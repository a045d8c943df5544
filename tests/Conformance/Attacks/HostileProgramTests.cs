using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Attacks;

/// <summary>Programs in a sandbox that answer the edge with what is no answer, or never end one, and a guest that takes its agent away.</summary>
[Collection(SharedServer.Name)]
public sealed class HostileProgramTests(ServerFixture server, AttackedSandbox sandbox) : IClassFixture<AttackedSandbox>
{
    private const int Port = 3210;

    /// <summary>Answers each connection by the path that it is asked for.</summary>
    private const string Program = """
        import socket, threading
        crlf = b"\r\n"
        ok = b"HTTP/1.1 200 OK\r\n"
        chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
        def forever(c, first, more):
            open("/tmp/began", "w").write("began")
            try:
                c.sendall(first)
                while True: c.sendall(more)
            except OSError:
                open("/tmp/left", "a").write("left\n")
        def serve(c):
            try:
                path = c.recv(65536).split(b" ")[1].decode()
                if path == "/well": c.sendall(ok + b"Content-Length: 4\r\n\r\nwell")
                elif path == "/garbage": c.sendall(b"\x00\xff\x16\x03\x01 nothing of HTTP" * 100)
                elif path == "/silence": pass
                elif path == "/headers": forever(c, ok, b"X-More: " + b"h" * 1000 + crlf)
                elif path == "/header": forever(c, ok + b"X: ", b"h" * 4096)
                elif path == "/interim": forever(c, b"", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
                elif path == "/chunk": c.sendall(chunked + b"FFFFFFFFFFFFFFFFFF\r\nx")
                elif path == "/chunks": c.sendall(chunked + b"nonsense\r\nx")
                elif path == "/short": c.sendall(ok + b"Content-Length: 100\r\n\r\nx")
                elif path == "/lengths": c.sendall(ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy")
                elif path == "/both": c.sendall(ok + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ok + b"X-Hidden: yes\r\nContent-Length: 0\r\n\r\n")
                elif path == "/two": c.sendall(ok + b"Content-Length: 1\r\n\r\nx" + ok + b"X-Hidden: yes\r\nContent-Length: 6\r\n\r\nhidden")
                elif path == "/switch": c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
                elif path == "/status": c.sendall(b"HTTP/1.1 999999 Much\r\n\r\n")
                elif path == "/split": c.sendall(ok + b"X: a\x00b\r\nSet-Cookie: a=b\rX-Hidden: yes\r\nContent-Length: 0\r\n\r\n")
                elif path == "/forever": forever(c, chunked, b"400\r\n" + b"f" * 1024 + crlf)
                elif path == "/deaf":
                    c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                    threading.Event().wait()
            except Exception: pass
            c.close()
        s = socket.create_server(("127.0.0.1", 3210), backlog=64)
        print("ready", flush=True)
        while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
        """;

    [RealMachineOwnServerFact]
    public async Task What_a_program_answers_that_is_none_is_a_bad_gateway_or_an_answer_cut_off_and_never_two()
    {
        using ExecStream running = await StartAsync();
        foreach (string path in new[] { "/garbage", "/silence", "/headers", "/header", "/switch", "/status", "/chunk", "/chunks", "/short", "/lengths", "/both", "/two", "/split" })
        {
            string answer = await AskAsync(path);
            bool isRefused = answer.StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal) && answer.Contains("\"message\"", StringComparison.Ordinal);

            // What was cut off may not even have arrived: a connection that is reset takes what is under way with it.
            bool isCutOff = path is "/chunk" or "/chunks" or "/short" && answer.Length == 0;
            bool mayPass = path is "/chunk" or "/chunks" or "/short" or "/lengths" or "/both" or "/two" or "/split";
            Assert.True(isRefused || isCutOff || (mayPass && answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)), $"{path}: {answer}");
            Assert.DoesNotMatch("[\r\n]X-Hidden", answer);
            Assert.False(answer.Contains("200 OK", StringComparison.Ordinal) && path is "/chunk" or "/chunks" or "/short" && answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal), $"{path} ends as if it were whole");
            Assert.EndsWith("well", await AskAsync("/well"), StringComparison.Ordinal);
        }

        await EndAsync();
    }

    [RealMachineOwnServerFact]
    public async Task A_program_that_never_ends_is_left_when_its_client_leaves()
    {
        using ExecStream running = await StartAsync();
        long before = server.Own.Memory();
        foreach (string path in new[] { "/forever", "/interim" })
        {
            using TcpClient tcp = await OpenAsync(path);
            byte[] some = new byte[path == "/forever" ? 100_000 : 0];
            await tcp.GetStream().ReadExactlyAsync(some).AsTask().WaitAsync(SandboxCalls.Patience);
            await UntilThereAsync("/tmp/began", $"{path} was not asked");
            tcp.Client.Close(0);
            await UntilThereAsync("/tmp/left", $"{path} is still written to nobody");
        }

        Assert.InRange(server.Own.Memory() - before, long.MinValue, 64L << 20);
        await EndAsync();
    }

    [RealMachineOwnServerFact]
    public async Task A_flood_to_a_program_that_does_not_read_is_held_back()
    {
        const int block = 1 << 20;
        const int most = 256;
        using ExecStream running = await StartAsync();
        long before = server.Own.Memory();
        using TcpClient tcp = await OpenAsync("/deaf", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        byte[] first = new byte[12];
        await tcp.GetStream().ReadExactlyAsync(first).AsTask().WaitAsync(SandboxCalls.Patience);
        Assert.Equal("HTTP/1.1 101", Encoding.ASCII.GetString(first));

        int sent = 0;
        using var stop = new CancellationTokenSource();
        try
        {
            for (; sent < most; sent++)
            {
                stop.CancelAfter(TimeSpan.FromSeconds(3));
                await tcp.GetStream().WriteAsync(new byte[block], stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Held back, or let go.
        }

        Assert.True(sent < most, "the server has taken all of the flood");
        Assert.InRange(server.Own.Memory() - before, long.MinValue, 64L << 20);
        await EndAsync();
    }

    [RealMachineOwnServerFact]
    public async Task Neither_the_agents_port_nor_the_servers_is_reached_from_or_through_a_sandbox()
    {
        await EndAsync();
        await using Box other = await server.Api.CreateAsync();
        string domain = other.Created.String("sandbox_domain");
        Assert.StartsWith("HTTP/1.1 502 ", await AskAsync("/", port: 1023), StringComparison.Ordinal);

        string gateway = (await sandbox.Box.ExecAsync("ip route | awk '/default/ {print $3}'")).Output.Trim();
        foreach (int port in new[] { server.Own.Url.Port, IPEndPoint.Parse(domain).Port })
        {
            foreach (string host in new[] { gateway, "127.0.0.1", "169.254.1.1" })
            {
                ExecOutcome tried = await sandbox.Box.ExecAsync($"timeout 2 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null && echo reached || echo closed");
                Assert.Equal("closed\n", tried.Output);
            }
        }

        // No file and no process of the sandbox holds its token; the command that looks for it has it in two pieces.
        (string one, string two) = (sandbox.Calls.Token[..20], sandbox.Calls.Token[20..]);
        ExecOutcome seen = await sandbox.Box.ExecAsync(
            $"printf '%s%s' {one} {two} | grep -rlsaF -f - /proc/[0-9]*/environ /proc/[0-9]*/cmdline /etc /run /tmp /root /home /var /dev/shm | head -3; echo searched");
        Assert.Equal("searched\n", seen.Output);
    }

    [RealMachineOwnServerFact]
    public async Task A_guest_that_kills_its_agent_ends_the_transfers_and_nothing_else()
    {
        await using Box box = await server.Api.CreateAsync();
        using var calls = new SandboxCalls(server.Api, box);
        await box.ExecAsync("truncate -s 1G /large");
        using HttpResponseMessage reply = await calls.FetchAsync("/download/large");
        await using Stream body = await reply.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1 << 20]);

        await box.StartAsync("kill -9 1");

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null).WaitAsync(SandboxCalls.Patience));
        await server.Api.UntilAsync(box.Id, SandboxCalls.Patience, "failed");
        Answer after = await calls.SendAsync(HttpMethod.Get, "/download/large");
        Assert.True(after is { Status: 502, Message.Length: > 0 }, after.ToString());
        await EndAsync();
        Assert.Equal("well\n", (await sandbox.Box.ExecAsync("echo well")).Output);
    }

    private async Task<ExecStream> StartAsync()
    {
        await EndAsync();
        await sandbox.Box.ExecAsync("rm -f /tmp/left /tmp/began");
        Answer written = await sandbox.Calls.SendAsync(HttpMethod.Post, "/files?path=/tmp/program.py&username=root", new StringContent(Program));
        Assert.True(written.Status == 200, written.ToString());
        await sandbox.Box.StartAsync("python3 /tmp/program.py");
        ExecStream stream = await sandbox.Box.FollowAsync();
        await stream.UntilAsync("stdout");
        return stream;
    }

    /// <summary>Waits until the program has made a file, and takes it away.</summary>
    private async Task UntilThereAsync(string file, string otherwise)
    {
        var watch = Stopwatch.StartNew();
        while ((await sandbox.Calls.SendAsync(HttpMethod.Get, "/download" + file)).Status == 404)
        {
            Assert.True(watch.Elapsed < SandboxCalls.Patience, otherwise);
            await Task.Delay(50);
        }

        await sandbox.Calls.CallAsync("filesystem.Filesystem/Remove", new { path = file });
    }

    private async Task EndAsync()
    {
        await server.Api.SendAsync(HttpMethod.Delete, $"{sandbox.Box.Path}/exec");
        Assert.Equal(200, (await server.Api.GetAsync("/health")).Status);
    }

    private async Task<TcpClient> OpenAsync(string path, string headers = "", int port = Port)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPEndPoint.Parse(server.Own.Url.Authority));
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {port}-{sandbox.Box.Id["sbx-".Length..]}.localhost\r\n{headers}\r\n"));
        return tcp;
    }

    /// <summary>All that the server says before it closes, or 64 KiB of it.</summary>
    private async Task<string> AskAsync(string path, int port = Port)
    {
        using TcpClient tcp = await OpenAsync(path, "Connection: close\r\n", port);
        byte[] buffer = new byte[64 * 1024];
        int count = 0;
        try
        {
            while (count < buffer.Length && await tcp.GetStream().ReadAsync(buffer.AsMemory(count)).AsTask().WaitAsync(SandboxCalls.Patience) is > 0 and var more)
            {
                count += more;
            }
        }
        catch (IOException)
        {
            // Cut off: what came before counts.
        }

        return Encoding.Latin1.GetString(buffer, 0, count);
    }
}
