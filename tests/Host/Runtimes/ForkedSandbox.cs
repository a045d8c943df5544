using System.Net.Sockets;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>
/// One image of a sandbox full of programs, and what was made of it, for the tests of what goes wrong on such occasions: the sandbox itself,
/// which came back under its own id, and two forks.
/// </summary>
public sealed class ForkedSandbox(GVisorMachine machine) : IAsyncLifetime
{
    public const int Port = 8000;

    /// <summary>What it holds in memory, which nothing can make smaller.</summary>
    public const long HeldBytes = 100 << 20;

    /// <summary>The signs of who a sandbox is, by the command that shows them.</summary>
    public static readonly string[] Signs = ["hostname", "cat /etc/machine-id", "cat /etc/hosts", "cat /run/atoll/generation"];

    /// <summary>
    /// Counts in memory and in a file in lock step, and tells the count to whoever is connected; answers one question a line.
    /// </summary>
    private const string Script = """
        import hashlib, os, select, socket, sys, time
        server = socket.create_server(('0.0.0.0', 8000))
        held = os.urandom(1 << 20) * 100
        lost = open('/tmp/lost', 'w+'); lost.write('open and gone'); lost.flush(); os.unlink('/tmp/lost')
        step, mark, torn, told, ends = 0, open('/root/step', 'w+'), 0, [], []
        print('ready', hashlib.md5(held).hexdigest())
        while True:
            mark.seek(0)
            torn += int(mark.read() or 0) != step
            step += 1
            mark.seek(0); mark.write(f'{step:12}'); mark.flush()
            for c in told[:]:
                try:
                    c.send(f'{step}\n'.encode())
                except OSError as e:
                    ends.append(type(e).__name__); told.remove(c)
            ready, _, _ = select.select([sys.stdin, server], [], [], 0.002)
            if server in ready:
                told.append(server.accept()[0])
            if sys.stdin in ready:
                word = sys.stdin.readline().strip()
                if word == 'clock': print(repr(time.time()), repr(time.monotonic()))
                if word == 'step': print(step, torn)
                if word == 'held': lost.seek(0); print(hashlib.md5(held).hexdigest(), lost.read())
                if word == 'random': print(os.getrandom(16).hex())
                if word == 'ends': print(len(told), *ends)
        """;

    private readonly GVisorContractNode _world = new(machine, LaunchFaults.None);
    private readonly Dictionary<SandboxId, long> _read = [];
    private int _program;
    private int _terminal;

    internal INode Node => _world.Node;

    /// <summary>The one that came back.</summary>
    internal SandboxId Source { get; } = SandboxId.New(DateTimeOffset.UtcNow);

    internal IReadOnlyList<SandboxId> Forks { get; } = [SandboxId.New(DateTimeOffset.UtcNow), SandboxId.New(DateTimeOffset.UtcNow)];

    internal IEnumerable<SandboxId> All => Forks.Prepend(Source);

    internal SandboxImage Image { get; private set; } = null!;

    /// <summary>What the source said before the image was taken, by what was asked.</summary>
    internal Dictionary<string, string> Before { get; } = [];

    /// <summary>The highest count that left the source until it was gone.</summary>
    internal long LastTold { get; private set; }

    /// <summary>What was there of the source between its image and its coming back.</summary>
    internal IReadOnlyList<string> TracesBetween { get; private set; } = [];

    public async Task InitializeAsync()
    {
        await Node.LaunchAsync(Request(Source), _ => { }, Soon());
        IAgent agent = Node.Agent(Source);
        await using Conversation program = await Conversation.StartAsync(agent, Guest.Python(Script));
        Before["ready"] = await program.UntilAsync("\n");
        await using Conversation terminal = await Conversation.StartAsync(agent, new ProcessSpec { Arguments = ["bash", "--norc"], Terminal = new TerminalSize(80, 24) });
        await terminal.TypeAsync("PS1=; X=kept; echo rea''dy\n");
        await terminal.UntilAsync("ready\r\n");
        (_program, _terminal) = (program.Pid, terminal.Pid);
        foreach (string sign in Signs)
        {
            Before[sign] = await agent.RunAsync(sign, Soon());
        }

        await program.TypeAsync("clock\n");
        Before["clock"] = await program.UntilAsync("\n");
        using var outside = new TcpClient();
        await outside.ConnectAsync(machine.AddressOf(Source), Port, Soon());
        LastTold = await ReadCountAsync(outside);
        Image = await Node.CaptureAsync(Source, ImageId.New(DateTimeOffset.UtcNow), AfterCapture.StandStill, Soon());
        while (outside.Available > 0)
        {
            LastTold = Math.Max(LastTold, await ReadCountAsync(outside));
        }

        await Node.CleanAsync(Source, Soon());
        TracesBetween = machine.Traces();

        // Time is what some of the tests are about: the image is to be older than any clock is wrong.
        await Task.Delay(TimeSpan.FromSeconds(2));
        await Task.WhenAll(All.Select(id => Node.LaunchAsync(Request(id) with { From = Image.Id }, _ => { }, Soon())));
    }

    public Task DisposeAsync() => _world.DisposeAsync().AsTask();

    internal LaunchRequest Request(SandboxId id) => _world.Request(id) with { Hostname = $"host-{id.Value[^6..]}" };

    /// <summary>The shell on a terminal of one of them.</summary>
    internal Conversation TerminalOf(SandboxId id) => Follow(id, _terminal);

    /// <summary>Asks the counting program something.</summary>
    internal async Task<string[]> AskAsync(SandboxId id, string question)
    {
        await using Conversation program = Follow(id, _program, _read.GetValueOrDefault(id));
        if (program.Next == 0)
        {
            // All that it said before the image was taken comes first.
            Assert.Equal(Before["ready"] + Before["clock"], await program.UntilAsync(Before["clock"]));
        }

        await program.TypeAsync(question + "\n");
        string answer = await program.UntilAsync("\n");
        _read[id] = program.Next;
        return answer.Trim().Split(' ');
    }

    internal static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private Conversation Follow(SandboxId id, int pid, long from = 0) =>
        new(Node.Agent(id), new ProcessInfo(pid, "", [], "/", default, null), from);

    private static async Task<long> ReadCountAsync(TcpClient client)
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await client.GetStream().ReadAsync(one, Soon()) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return long.Parse(line.ToString());
    }
}
