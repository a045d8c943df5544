using System.Diagnostics;
using System.Net;
using Atoll.Sdk;

namespace Atoll.Load;

/// <summary>
/// What is measured of one running sandbox's data plane: files, commands, a terminal and its ports. Where the sandbox's own
/// address can be dialled from here, the same is done without the server, for the ratio.
/// </summary>
internal sealed class DataPlaneScenarios(AtollClient client, string id, string url)
{
    private const int Large = 100 * 1024 * 1024;
    private const int WebPort = 8080;
    private const int CopyPort = 8081;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public Sample WriteSmall { get; } = new("write 64 bytes");
    public Sample ReadSmall { get; } = new("read 64 bytes");
    public Sample ManySmall { get; } = new("write 1,000 files of 1 KB, 8 at a time (whole)");
    public Sample Upload { get; } = new("upload 100 MiB");
    public Sample Download { get; } = new("download 100 MiB");
    public Sample PlainCopy { get; } = new("100 MiB over plain TCP into a file of the sandbox");
    public Sample Command { get; } = new("start `/bin/true` to its end");
    public Sample Echo { get; } = new("terminal: key to its echo");
    public Sample Proxied { get; } = new("GET through the edge, 16 at a time");
    public Sample Direct { get; } = new("the same GET straight to the sandbox");

    /// <summary>Requests per second of <see cref="Proxied"/> and <see cref="Direct"/>.</summary>
    public Dictionary<Sample, double> Rates { get; } = [];

    public IEnumerable<Sample> All => [WriteSmall, ReadSmall, ManySmall, Upload, Download, PlainCopy, Command, Echo, Proxied, Direct];

    public async Task RunAsync(int count, CancellationToken cancellation)
    {
        await RepeatAsync(WriteSmall, count, token => client.Files.UploadAsync(id, "/tmp/small", new MemoryStream(new byte[64]), null, token), cancellation);
        await RepeatAsync(ReadSmall, count, token => ReadAsync("/tmp/small", 64, token), cancellation);
        await RepeatAsync(Command, count, TrueAsync, cancellation);
        await EchoAsync(count, cancellation);
        int few = Math.Clamp(count / 20, 1, 5);
        await RepeatAsync(ManySmall, 1, ManyAsync, cancellation);
        await RepeatAsync(Upload, few, token => client.Files.UploadAsync(id, "/tmp/large", new Zeros(Large), null, token), cancellation);
        await RepeatAsync(Download, few, token => ReadAsync("/tmp/large", Large, token), cancellation);
        IPAddress address = await AddressAsync(cancellation);
        await RepeatAsync(PlainCopy, few, token => CopyAsync(address, token), cancellation);
        await WebAsync(address, count * 20, cancellation);
    }

    /// <summary>Once unmeasured, then measured.</summary>
    private static async Task RepeatAsync(Sample sample, int count, Func<CancellationToken, Task> once, CancellationToken cancellation)
    {
        try
        {
            for (int i = -1; i < count; i++)
            {
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                limit.CancelAfter(Limit);
                long started = Stopwatch.GetTimestamp();
                await once(limit.Token);
                if (i >= 0)
                {
                    sample.AddSince(started);
                }
            }
        }
        catch (Exception exception) when (exception is AtollException or HttpRequestException or IOException or System.Net.Sockets.SocketException
            || exception is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            sample.Fail(exception.Message);
        }
    }

    private async Task ReadAsync(string path, long expected, CancellationToken cancellation)
    {
        using FileDownload download = await client.Files.DownloadAsync(id, path, cancellation: cancellation);
        byte[] buffer = new byte[128 * 1024];
        long read = 0;
        int count;
        while ((count = await download.ReadAsync(buffer)) > 0)
        {
            read += count;
        }
        if (read != expected)
        {
            throw new AtollException($"{path} has {read} bytes instead of {expected}");
        }
    }

    private async Task ManyAsync(CancellationToken cancellation)
    {
        byte[] content = new byte[1024];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation },
            async (i, token) => await client.Files.UploadAsync(id, $"/tmp/many/{i}", new MemoryStream(content), null, token));
    }

    private async Task TrueAsync(CancellationToken cancellation)
    {
        await using SandboxProcess process = await client.Processes.StartAsync(id, new ProcessStart { Arguments = ["/bin/true"] }, cancellation);
        await foreach (SandboxProcessEvent happened in process.ReadAsync(cancellation))
        {
            if (happened is SandboxProcessEvent.Ended { ExitCode: not 0 } ended)
            {
                throw new AtollException($"/bin/true ended with {ended.ExitCode} {ended.Status}");
            }
        }
    }

    private async Task EchoAsync(int count, CancellationToken cancellation)
    {
        await using SandboxProcess process = await client.Processes.StartAsync(
            id, new ProcessStart { Arguments = ["/bin/sh", "-c", "stty raw -echo; echo ready; exec cat"], Terminal = new TerminalSize(80, 24) }, cancellation);
        await using IAsyncEnumerator<SandboxProcessEvent> said = process.ReadAsync(cancellation).GetAsyncEnumerator(cancellation);
        await ExpectAsync(said, "ready"u8.ToArray());
        byte[] key = [(byte)'k'];
        await RepeatAsync(Echo, count, async token =>
        {
            Task typed = process.WriteAsync(key, token);
            await ExpectAsync(said, key);
            await typed;
        }, cancellation);
        await process.KillAsync(cancellation);
    }

    private static async Task ExpectAsync(IAsyncEnumerator<SandboxProcessEvent> said, byte[] wanted)
    {
        while (await said.MoveNextAsync())
        {
            if (said.Current is SandboxProcessEvent.Output output && output.Data.AsSpan().IndexOf(wanted) >= 0)
            {
                return;
            }
        }
        throw new AtollException("the terminal ended");
    }

    private async Task<IPAddress> AddressAsync(CancellationToken cancellation)
    {
        ExecResult said = await client.Sandboxes.RunAsync(id, new ExecRequest { Command = "hostname -I" }, cancellation: cancellation);
        return IPAddress.TryParse(said.StdoutText.Split(' ')[0].Trim(), out IPAddress? address)
            ? address
            : throw new AtollException($"the sandbox does not know its address: '{said.StdoutText}' '{said.StderrText}'");
    }

    /// <summary>The clock runs until the receiver has written the last byte and says so.</summary>
    private async Task CopyAsync(IPAddress address, CancellationToken cancellation)
    {
        const string receive = """
            import socket
            s = socket.create_server(("0.0.0.0", 8081)); print("ready", flush=True)
            c, _ = s.accept(); b = bytearray(262144); f = open("/tmp/plain", "wb", buffering=0)
            while n := c.recv_into(b): f.write(memoryview(b)[:n])
            c.sendall(b"k")
            """;
        await using SandboxProcess receiver = await client.Processes.StartAsync(
            id, new ProcessStart { Arguments = ["python3", "-c", receive] }, cancellation);
        await using IAsyncEnumerator<SandboxProcessEvent> said = receiver.ReadAsync(cancellation).GetAsyncEnumerator(cancellation);
        await ExpectAsync(said, "ready"u8.ToArray());
        using System.Net.Sockets.TcpClient socket = new();
        await socket.ConnectAsync(address, CopyPort, cancellation);
        await using System.Net.Sockets.NetworkStream stream = socket.GetStream();
        await new Zeros(Large).CopyToAsync(stream, 256 * 1024, cancellation);
        socket.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await stream.ReadExactlyAsync(new byte[1], cancellation);
    }

    private async Task WebAsync(IPAddress address, int count, CancellationToken cancellation)
    {
        const string serve = "require('http').createServer((q,s)=>s.end('ok')).listen(8080,'0.0.0.0',()=>console.log('ready'))";
        await using SandboxProcess server = await client.Processes.StartAsync(id, new ProcessStart { Arguments = ["node", "-e", serve] }, cancellation);
        await using (IAsyncEnumerator<SandboxProcessEvent> said = server.ReadAsync(cancellation).GetAsyncEnumerator(cancellation))
        {
            await ExpectAsync(said, "ready"u8.ToArray());
        }
        await FloodAsync(Direct, new Uri($"http://{address}:{WebPort}/"), count, named: false, cancellation);
        await FloodAsync(Proxied, new Uri(url), count, named: true, cancellation);
        await server.KillAsync(cancellation);
    }

    private async Task FloodAsync(Sample sample, Uri target, int count, bool named, CancellationToken cancellation)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });
        long started = 0;
        for (int round = 0; round < 2; round++)
        {
            bool record = round > 0;
            started = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(
                Enumerable.Range(0, record ? count : count / 10), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
                async (_, token) => await GetAsync(http, sample, target, named, record, token));
        }
        Rates[sample] = sample.Distribution.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async Task GetAsync(HttpClient http, Sample sample, Uri target, bool named, bool record, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, target);
        if (named)
        {
            request.Headers.Add("E2b-Sandbox-Id", id);
            request.Headers.Add("E2b-Sandbox-Port", $"{WebPort}");
        }
        try
        {
            long sent = Stopwatch.GetTimestamp();
            string said = await (await http.SendAsync(request, cancellation)).EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation);
            if (record)
            {
                sample.AddSince(sent);
            }
            if (said != "ok")
            {
                sample.Fail($"it said '{said}'");
            }
        }
        catch (HttpRequestException exception)
        {
            sample.Fail(exception.Message);
        }
    }
}
