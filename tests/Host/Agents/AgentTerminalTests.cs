using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>Processes on terminals of this machine's kernel.</summary>
[Collection(AgentTests.Name)]
public sealed class AgentTerminalTests(AgentFile file) : IAsyncLifetime
{
    private static readonly ProcessSpec Bash = new()
    {
        Arguments = ["bash", "--norc", "-i"], Terminal = new TerminalSize(100, 30), Environment = new Dictionary<string, string> { ["PS1"] = "ready> " },
    };

    private NativeAgent _agent = null!;
    private AgentSession _session = null!;

    public async Task InitializeAsync()
    {
        _agent = await NativeAgent.StartAsync(file);
        _session = await _agent.ConnectAsync();
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task A_shell_on_a_terminal_prompts_echoes_is_interrupted_and_exits()
    {
        await using Conversation shell = await Conversation.StartAsync(_session, Bash);
        await shell.UntilAsync("ready> ");
        await shell.TypeAsync("echo $((6 * 7)) $TERM\n");
        string echoed = await shell.UntilAsync("ready> ");
        Assert.StartsWith("echo $((6 * 7)) $TERM\r\n", echoed);
        Assert.Contains("42 xterm-256color\r\n", echoed);

        // Said by what is in the foreground by then; between two commands Ctrl-C would be the shell's own.
        await shell.TypeAsync("sh -c 'echo started; exec sleep 1000'\n");
        await shell.UntilAsync("started\r\n");
        await shell.TypeAsync("\u0003");
        Assert.Contains("^C", await shell.UntilAsync("ready> "));
        await shell.TypeAsync("echo code $?\n");
        await shell.UntilAsync("code 130\r\n");

        await shell.TypeAsync("exit 5\n");
        await shell.EndAsync();
        Assert.Equal(new ProcessExit(5, 0), shell.Exit);
        Assert.Equal(FaultCode.NotFound, (await Assert.ThrowsAsync<FaultException>(() => shell.TypeAsync("x"))).Fault.Code);
    }

    [Fact]
    public async Task A_terminal_has_the_size_that_was_asked_for_and_tells_of_a_new_one()
    {
        ProcessSpec spec = Bash with { Arguments = ["sh", "-c", "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.05; done"] };
        await using Conversation shell = await Conversation.StartAsync(_session, spec);
        Assert.Equal("30 100\r\nready\r\n", await shell.UntilAsync("ready\r\n"));
        await _session.ResizeAsync(shell.Pid, new TerminalSize(132, 43), default);
        Assert.Equal("43 132\r\n", await shell.UntilAsync("\r\n"));

        foreach (TerminalSize none in (TerminalSize[])[new(0, 24), new(80, 0), new(80, 65536)])
        {
            Assert.Equal(FaultCode.InvalidArgument, (await Assert.ThrowsAsync<FaultException>(() => _session.ResizeAsync(shell.Pid, none, default))).Fault.Code);
            Assert.Equal(FaultCode.InvalidArgument, (await Assert.ThrowsAsync<FaultException>(() => _session.StartAsync(spec with { Terminal = none }, default))).Fault.Code);
        }
    }

    [Fact]
    public async Task Another_user_owns_his_terminal_and_is_controlled_by_it()
    {
        const string script = "tty; stat -c '%U %a' $(tty); ps -o tty=,stat= -p $$; echo typed >/dev/tty; test -t 2 && echo all";
        Transcript said = await Transcript.RunAsync(_session, Bash with { Arguments = ["sh", "-c", script], User = "nobody" });
        string[] lines = said.Output.Split("\r\n");
        Assert.StartsWith("/dev/pts/", lines[0]);
        Assert.Equal("nobody 620", lines[1]);
        Assert.Contains(lines[0]["/dev/".Length..], lines[2]);
        Assert.Matches("s.*\\+$", lines[2]);
        Assert.Equal(["typed", "all", ""], lines[3..]);
    }

    [Fact]
    public async Task Output_of_a_terminal_is_marked_as_such_and_a_reader_may_come_back_to_any_byte()
    {
        await using Conversation first = await Conversation.StartAsync(_session, Bash);
        await first.UntilAsync("ready> ");
        await first.TypeAsync("echo one\n");
        await first.UntilAsync("one\r\n");
        await first.UntilAsync("ready> ");
        long from = first.Next;
        await first.DisposeAsync();

        ProcessInfo listed = Assert.Single(await _session.ListAsync(default));
        Assert.True(listed.HasTerminal);
        await using var second = new Conversation(_session, listed, from);
        await second.TypeAsync("echo two; exit\n");
        Assert.Contains("\rtwo\r\n", await second.EndAsync());

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (ProcessEvent item in _session.AttachAsync(listed.Pid, 0, limit.Token))
        {
            Assert.True(item is ProcessEvent.Exited or ProcessEvent.Output { Stream: OutputStream.Terminal });
        }
    }

    [Fact]
    public async Task Closing_a_terminals_input_types_its_end_of_file_character()
    {
        await using Conversation cat = await Conversation.StartAsync(_session, Bash with { Arguments = ["sh", "-c", "stty eof ^B; echo ready; cat; cat"] });
        await cat.UntilAsync("ready\r\n");
        await cat.TypeAsync("hello\n");
        await cat.UntilAsync("hello\r\nhello\r\n");
        await _session.CloseInputAsync(cat.Pid, default);
        await cat.TypeAsync("again\n");
        await cat.UntilAsync("again\r\nagain\r\n");
        await _session.CloseInputAsync(cat.Pid, default);
        await cat.EndAsync();
        Assert.Equal(new ProcessExit(0, 0), cat.Exit);
    }

    [Fact]
    public async Task A_terminal_that_is_not_read_holds_its_writer_and_a_kill_lets_him_go()
    {
        await using Conversation deaf = await Conversation.StartAsync(_session, Bash with { Arguments = ["sh", "-c", "stty raw -echo; echo ready; sleep 100"] });
        await deaf.UntilAsync("ready");
        Task writing = _session.WriteInputAsync(deaf.Pid, new byte[1_000_000], default);
        await Task.WhenAny(writing, Task.Delay(300));
        Assert.False(writing.IsCompleted);
        await _session.SignalAsync(deaf.Pid, Signals.SIGKILL, wholeGroup: true, default);
        Assert.Equal(FaultCode.NotFound, (await Assert.ThrowsAsync<FaultException>(() => writing)).Fault.Code);
        await deaf.EndAsync();
        Assert.Equal(9, deaf.Exit!.Signal);
    }

    [Fact]
    public async Task Terminals_are_given_back()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("x\r\n", (await Transcript.RunAsync(_session, Bash with { Arguments = ["echo", "x"] })).Output);
        }

        string[] open = [.. Directory.GetFiles($"/proc/{_agent.Pid}/fd").Select(name => new FileInfo(name).LinkTarget ?? "").Where(target => target.Contains("ptmx"))];
        Assert.Empty(open);
    }
}
