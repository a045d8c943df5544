using System.Globalization;
using System.Net.Sockets;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>
/// Pause and resume, over and over. For a soak by hand: <c>ATOLL_SOAK_CYCLES=100 ATOLL_SOAK_MEGABYTES=1024</c>.
/// </summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorCyclesTests(GVisorMachine machine)
{
    private const int Port = 8000;
    private const int MegabytesOfAGigabyte = 1024;

    /// <summary>Answers each line with its count, the digest of a large file and the length of one that it keeps open and writes to.</summary>
    private const string Script = """
        import hashlib, os, socket, sys, threading
        size = int(sys.stdin.readline())
        with open('/root/large', 'wb') as f:
            for _ in range(size): f.write(os.urandom(1 << 20))
        server = socket.create_server(('0.0.0.0', 8000))
        def serve():
            while True:
                c = server.accept()[0]; c.sendall(b'hello\n'); c.close()
        threading.Thread(target=serve, daemon=True).start()
        def digest():
            d = hashlib.md5()
            with open('/root/large', 'rb') as f:
                while block := f.read(1 << 20): d.update(block)
            return d.hexdigest()
        log, count = open('/root/log', 'w'), 0
        print('ready', digest())
        for line in sys.stdin:
            count += 1
            log.write('x'); log.flush()
            print(count, digest(), os.stat('/root/log').st_size)
        """;

    private static int Cycles => Setting("ATOLL_SOAK_CYCLES", 10);

    private static int Megabytes => Setting("ATOLL_SOAK_MEGABYTES", 4);

    [Fact]
    public async Task However_often_a_sandbox_is_paused_it_comes_back_as_it_was()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3) * Math.Max(1, Cycles / 10) * (1 + (Megabytes / 100)));
        await using var world = new GVisorContractNode(machine, LaunchFaults.None);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        LaunchRequest request = world.Request(id) with { Resources = new SandboxResources(2, 512, 1 + (2 * Megabytes / MegabytesOfAGigabyte)) };
        await world.Node.LaunchAsync(request, _ => { }, limit.Token);
        ProcessInfo program = await world.Node.Agent(id).StartAsync(Guest.Python(Script), limit.Token);
        (long read, string said) = await AskAsync(world.Node.Agent(id), program, 0, Megabytes.ToString(CultureInfo.InvariantCulture));
        string digest = said.Split(' ')[1];

        for (int cycle = 1; cycle <= Cycles; cycle++)
        {
            ImageId image = ImageId.New(DateTimeOffset.UtcNow);
            await world.Node.CaptureAsync(id, image, AfterCapture.StandStill, limit.Token);
            await world.Node.CleanAsync(id, limit.Token);
            await world.Node.LaunchAsync(request with { From = image }, _ => { }, limit.Token);
            await world.Node.RemoveImageAsync(image, limit.Token);

            (read, said) = await AskAsync(world.Node.Agent(id), program, read, "");
            Assert.Equal($"{cycle} {digest} {cycle}", said);
            using var client = new TcpClient();
            await client.ConnectAsync(machine.AddressOf(id), Port, limit.Token);
            Assert.True(await client.GetStream().ReadAsync(new byte[8], limit.Token) > 0);
        }
    }

    private static async Task<(long Read, string Said)> AskAsync(IAgent agent, ProcessInfo program, long from, string line)
    {
        await using var conversation = new Conversation(agent, program, from);
        await conversation.TypeAsync(line + "\n");
        string said = await conversation.UntilAsync("\n");
        return (conversation.Next, said.Trim());
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
