using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Attacks;

/// <summary>Clients and guests that are very slow, send very much or name very much: the server's memory and time are bounded.</summary>
[Collection(SharedServer.Name)]
public sealed class FloodTests(ServerFixture server, AttackedSandbox sandbox) : IClassFixture<AttackedSandbox>
{
    private const long MiB = 1L << 20;

    private SandboxCalls Calls => sandbox.Calls;

    [RealMachineOwnServerFact]
    public async Task An_upload_at_a_byte_a_second_is_ended_and_the_old_file_is_whole()
    {
        await sandbox.Box.ExecAsync("mkdir -p /slow && echo -n old > /slow/file");
        using TcpClient tcp = await ConnectAsync();
        NetworkStream stream = tcp.GetStream();
        await SendAsync(stream, Head("POST", "/files?path=/slow/file") + "Content-Length: 1000000\r\n\r\n");
        Task<string> answer = AnswerAsync(stream);
        try
        {
            while (!answer.IsCompleted)
            {
                await SendAsync(stream, "x");
                await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1)));
            }
        }
        catch (IOException)
        {
            // The server has closed the connection; what it said before is in the answer.
        }

        Assert.Matches("^HTTP/1.1 (408|504) ", await answer.WaitAsync(SandboxCalls.Patience));
        Assert.Equal("old\nfile\n", (await sandbox.Box.ExecAsync("cat /slow/file; echo; ls -A /slow")).Output);
    }

    [RealMachineOwnServerFact]
    public async Task Readers_that_stop_cost_the_server_little_each()
    {
        const int readers = 20;
        await sandbox.Box.ExecAsync("truncate -s 1G /large");
        await Calls.SendAsync(HttpMethod.Get, "/files?path=/large", most: 1);
        long before = server.Own.Memory();
        List<TcpClient> stalled = [];
        try
        {
            for (int i = 0; i < readers; i++)
            {
                TcpClient tcp = await ConnectAsync();
                stalled.Add(tcp);
                string target = i % 2 == 0 ? "/files?path=/large" : "/download/large";
                await SendAsync(tcp.GetStream(), Head("GET", target) + "\r\n");
                byte[] first = new byte[12];
                await tcp.GetStream().ReadExactlyAsync(first).AsTask().WaitAsync(SandboxCalls.Patience);
                Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(first));
            }

            // While they stand still, somebody else reads a file whole.
            await sandbox.Box.ExecAsync("head -c 20000000 /dev/zero > /other");
            using HttpResponseMessage other = await Calls.FetchAsync("/download/other");
            Assert.Equal(20_000_000, (await other.Content.ReadAsByteArrayAsync().WaitAsync(SandboxCalls.Patience)).Length);

            Assert.InRange(server.Own.Memory() - before, long.MinValue, 96 * MiB);
        }
        finally
        {
            stalled.ForEach(tcp => tcp.Dispose());
        }
    }

    [RealMachineOwnServerFact]
    public async Task A_million_frames_of_nothing_are_taken_one_at_a_time()
    {
        const int frames = 1_000_000;
        long before = server.Own.Memory();
        await sandbox.Box.StartAsync("sleep 600");
        Answer list = await Calls.CallAsync("process.Process/List", new { });
        byte pid = (byte)JsonDocument.Parse(list.Text).RootElement.GetProperty("processes")[0].GetProperty("pid").GetInt32();
        Assert.InRange(pid, 1, 127);
        using TcpClient tcp = await ConnectAsync();
        NetworkStream stream = tcp.GetStream();
        byte[] start = Frame([0x0a, 0x04, 0x0a, 0x02, 0x08, pid]);
        byte[] keepalives = [.. Enumerable.Repeat(Frame([0x1a, 0x00]), 1000).SelectMany(frame => frame)];
        await SendAsync(
            stream,
            Head("POST", "/process.Process/StreamInput")
                + $"Content-Type: application/connect+proto\r\nContent-Length: {start.Length + (keepalives.Length * (frames / 1000L))}\r\n\r\n");
        Task<string> answer = AnswerAsync(stream);
        try
        {
            await stream.WriteAsync(start);
            for (int sent = 0; sent < frames && !answer.IsCompleted; sent += 1000)
            {
                await stream.WriteAsync(keepalives).AsTask().WaitAsync(SandboxCalls.Patience);
            }
        }
        catch (IOException)
        {
            // The server has ended the call; its answer says why.
        }

        Assert.StartsWith("HTTP/1.1 200", await answer.WaitAsync(SandboxCalls.Patience), StringComparison.Ordinal);
        Assert.InRange(server.Own.Memory() - before, long.MinValue, 64 * MiB);
        await server.Api.SendAsync(HttpMethod.Delete, $"{sandbox.Box.Path}/exec");
        await AssertWellAsync();
    }

    [RealMachineOwnServerFact]
    public async Task A_directory_of_a_hundred_thousand_names_is_listed_whole_by_every_call()
    {
        const int names = 100_000;
        ExecOutcome made = await sandbox.Box.ExecAsync(
            $"mkdir -p /dev/shm/many && cd /dev/shm/many && python3 -c 'import os\nfor i in range({names}): os.close(os.open(\"entry-%06d\" % i, os.O_CREAT))'");
        Assert.True(made.ExitCode == 0, made.Error);
        long before = server.Own.Memory();

        Assert.Equal(names, CountOf(await LongAsync(Calls.SendAsync(
            HttpMethod.Post, "/filesystem.Filesystem/ListDir", SandboxCalls.Json(new { path = "/dev/shm/many", depth = 1 }), most: int.MaxValue))));
        Assert.Equal(names, CountOf(await LongAsync(Calls.ControlAsync(HttpMethod.Post, "/files/list", SandboxCalls.Json(new { path = "/dev/shm/many" }), most: int.MaxValue))));
        Assert.InRange(server.Own.Memory() - before, long.MinValue, 400 * MiB);
        Assert.Equal(200, (await Calls.CallAsync("filesystem.Filesystem/Remove", new { path = "/dev/shm/many" })).Status);
        await AssertWellAsync();
    }

    [RealMachineFact]
    public async Task Of_more_events_than_are_kept_none_is_missing_without_a_word()
    {
        const int files = 10_000;
        await sandbox.Box.ExecAsync("mkdir -p /dev/shm/watched");
        string watcher = await WatchAsync("/dev/shm/watched");
        await sandbox.Box.ExecAsync($"cd /dev/shm/watched && python3 -c 'import os\nfor i in range({files}): os.close(os.open(\"%05d\" % i + \"n\" * 200, os.O_CREAT))'");

        HashSet<string> seen = [];
        var limit = new CancellationTokenSource(SandboxCalls.Patience);
        while (seen.Count < files)
        {
            Answer asked = await Calls.CallAsync("filesystem.Filesystem/GetWatcherEvents", new { watcherId = watcher });
            if (asked.Text.Contains("data_loss", StringComparison.Ordinal))
            {
                break;
            }

            Assert.True(asked.Status == 200, asked.ToString());
            if (JsonDocument.Parse(asked.Text).RootElement.TryGetProperty("events", out JsonElement events))
            {
                seen.UnionWith(events.EnumerateArray().Select(happened => happened.GetProperty("name").GetString()!));
            }

            await Task.Delay(20, limit.Token);
        }

        Assert.Equal(200, (await Calls.CallAsync("filesystem.Filesystem/RemoveWatcher", new { watcherId = watcher })).Status);
    }

    [RealMachineFact]
    public async Task Watchers_are_so_many_and_no_more()
    {
        List<string> made = [];
        Answer? refused = null;
        while (refused is null && made.Count < 1000)
        {
            Answer answer = await Calls.CallAsync("filesystem.Filesystem/CreateWatcher", new { path = "/tmp" });
            if (answer.Status == 200)
            {
                made.Add(WatcherOf(answer));
            }
            else
            {
                refused = answer;
            }
        }

        Assert.True(refused?.Status == 429, $"{refused} after {made.Count}");
        foreach (string watcher in made)
        {
            await Calls.CallAsync("filesystem.Filesystem/RemoveWatcher", new { watcherId = watcher });
        }

        Assert.Equal(200, (await Calls.CallAsync("filesystem.Filesystem/RemoveWatcher", new { watcherId = await WatchAsync("/tmp") })).Status);
    }

    [RealMachineFact]
    public async Task Names_that_are_not_utf8_or_hold_anything_else_are_listed_and_do_no_harm()
    {
        const string make = """
            rm -rf /names; mkdir -p /names && cd /names && python3 -c '
            import os
            for name in (b"\xff\xfe", b"\xed\xa0\x80", b"new\nline\r\nX: y", b"quote\"\\", b"\x1b[31m", b"%2e%2e", b"-rf", b"<script>", b"\xc0\xaf", b"a;b,c"):
                os.close(os.open(name, os.O_CREAT))
            os.utime("-rf", (-62135596800, -62135596800))'
            """;
        ExecOutcome made = await sandbox.Box.ExecAsync(make);
        Assert.True(made.ExitCode == 0, made.Error);

        foreach (FileCall call in FileCalls.All.Where(call => call.Name.EndsWith("ListDir", StringComparison.Ordinal) || call.Name == "files/list"))
        {
            Answer answer = await call.SendAsync(Calls, "/names");
            Assert.True(answer.Status == 200, answer.ToString());
            Assert.Equal(10, CountOf(answer));
        }

        foreach (string name in new[] { "new\nline\r\nX: y", "quote\"\\", "\x1b[31m", "%2e%2e", "-rf", "<script>", "a;b,c" })
        {
            foreach (FileCall call in FileCalls.All.Where(call => call.Use is PathUse.Read))
            {
                Answer answer = await call.SendAsync(Calls, "/names/" + name);
                // A URL whose escapes are undone is that of another file.
                Assert.True(answer.Status == 200 || (name == "%2e%2e" && call.Name.EndsWith("as it is", StringComparison.Ordinal)), $"{call.Name} {name}: {answer}");
                Assert.False(answer.Headers.ContainsKey("X"), "a name has become a header");
            }
        }

        Answer lost = await Calls.CallAsync("filesystem.Filesystem/Stat", new { path = "/names/\uFFFD\uFFFD" });
        Assert.True(lost.Status == 404, lost.ToString());
        Assert.Equal(200, (await Calls.CallAsync("filesystem.Filesystem/Remove", new { path = "/names" })).Status);
        Assert.Equal("gone\n", (await sandbox.Box.ExecAsync("test -e /names || echo gone")).Output);
    }

    private static string WatcherOf(Answer answer) => JsonDocument.Parse(answer.Text).RootElement.GetProperty("watcherId").GetString()!;

    private async Task<string> WatchAsync(string path)
    {
        Answer made = await Calls.CallAsync("filesystem.Filesystem/CreateWatcher", new { path });
        Assert.True(made.Status == 200, made.ToString());
        return WatcherOf(made);
    }

    private static int CountOf(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.ToString());
        JsonElement root = JsonDocument.Parse(answer.Text).RootElement;
        return (root.TryGetProperty("data", out JsonElement data) ? data : root).GetProperty("entries").GetArrayLength();
    }

    private static Task<Answer> LongAsync(Task<Answer> answer) => answer.WaitAsync(SandboxCalls.Patience);

    private static byte[] Frame(byte[] message) => [0, 0, 0, 0, (byte)message.Length, .. message];

    private string Head(string method, string target) =>
        $"{method} {target} HTTP/1.1\r\nHost: {server.Own.Url.Authority}\r\nX-Sandbox-ID: {Calls.Id}\r\nX-Access-Token: {Calls.Token}\r\n";

    private async Task<TcpClient> ConnectAsync()
    {
        var tcp = new TcpClient { ReceiveBufferSize = 16 * 1024 };
        await tcp.ConnectAsync(IPEndPoint.Parse(server.Own.Url.Authority));
        return tcp;
    }

    private static Task SendAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    private static async Task<string> AnswerAsync(NetworkStream stream)
    {
        byte[] buffer = new byte[4096];
        int count = await stream.ReadAtLeastAsync(buffer, 12, throwOnEndOfStream: false);
        return Encoding.Latin1.GetString(buffer, 0, count);
    }

    private async Task AssertWellAsync()
    {
        Assert.Equal("well\n", (await sandbox.Box.ExecAsync("echo well")).Output);
        Assert.Equal(200, (await server.Api.GetAsync("/health")).Status);
    }
}
