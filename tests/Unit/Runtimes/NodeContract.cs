using System.Text;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Launch;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>A node under test and what the contract must be able to do to it from outside.</summary>
internal abstract class ContractNode : IAsyncDisposable
{
    public abstract INode Node { get; }

    /// <summary>The names of the launch steps, in order.</summary>
    public abstract IReadOnlyList<string> Steps { get; }

    /// <summary>A small sandbox that this node can launch.</summary>
    public abstract LaunchRequest Request(SandboxId id);

    /// <summary>Ends the sandbox as if its runtime had died, behind the node's back.</summary>
    public abstract Task CrashAsync(SandboxId id);

    /// <summary>Another node over the same machine and journal, as after the server was killed.</summary>
    public abstract Task<INode> SecondAsync();

    /// <summary>Whatever exists of any sandbox on the machine, by the machine's own account; empty when nothing leaks.</summary>
    public abstract Task<IReadOnlyList<string>> TracesAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>What every node must do whichever driver it has. Derive, and say how to make the node.</summary>
public abstract class NodeContract
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);

    /// <summary>Makes a fresh node of which nothing else exists; the contract disposes of it.</summary>
    private protected abstract Task<ContractNode> CreateAsync(LaunchFaults faults);

    [Fact]
    public async Task A_launched_sandbox_runs_a_command_and_reports_output_and_exit_code()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        List<SandboxPhase> phases = [];
        await world.Node.LaunchAsync(world.Request(_id), phases.Add, Soon());

        (string output, string error, ProcessExit exit) = await RunAsync(world.Node.Agent(_id), "echo hi; echo oops >&2; exit 3");

        Assert.Equal(("hi\n", "oops\n", new ProcessExit(3, 0)), (output, error, exit));
        Assert.Equal([_id], await world.Node.ListAsync(Soon()));
        Assert.Equal(phases.Order(), phases);
        Assert.Contains(SandboxPhase.Allocating, phases);
    }

    [Fact]
    public async Task What_a_sandbox_uses_is_told_while_it_runs()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await FaultsWithoutAsync(world);
        LaunchRequest request = world.Request(_id);
        await world.Node.LaunchAsync(request, _ => { }, Soon());

        SandboxStats first = await world.Node.StatsAsync(_id, Soon());
        SandboxStats second = await world.Node.StatsAsync(_id, Soon());

        Assert.Equal((long)request.Resources.MemoryMb << 20, first.MemoryTotal);
        Assert.InRange(first.MemoryUsed, 0, first.MemoryTotal);
        Assert.InRange(first.CpuUsedPercent, 0, 100);
        Assert.True(second.CpuTime >= first.CpuTime);
        Assert.InRange(first.DiskTotal, (long)request.Resources.StorageGb << 29, (long)request.Resources.StorageGb << 30);
        Assert.InRange(first.DiskUsed, 1, first.DiskTotal);
        await world.Node.CleanAsync(_id, Soon());
        await FaultsWithoutAsync(world);
    }

    [Fact]
    public async Task An_unknown_command_is_127_and_a_killed_one_reports_its_signal()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);

        Assert.Equal(127, (await RunAsync(agent, "no-such-command-here")).Exit.Code);
        Assert.Equal(new ProcessExit(137, 9), (await RunAsync(agent, "kill -9 $$")).Exit);

        ProcessInfo sleeper = await agent.StartAsync(Bash("sleep 600"), Soon());
        await agent.SignalAsync(sleeper.Pid, 15, wholeGroup: true, Soon());
        Assert.Equal(new ProcessExit(143, 15), (await FollowAsync(agent, sleeper.Pid)).Exit);
    }

    [Fact]
    public async Task A_process_is_listed_under_its_tag_read_again_from_any_byte_and_forgotten()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);
        ProcessInfo started = await agent.StartAsync(Bash("echo 0123456789") with { Tag = "mine" }, Soon());

        Assert.Equal("0123456789\n", (await FollowAsync(agent, started.Pid)).Output);
        Assert.Equal("6789\n", (await FollowAsync(agent, started.Pid, from: 6)).Output);
        ProcessInfo listed = Assert.Single(await agent.ListAsync(Soon()), process => process.Tag == "mine");
        Assert.Equal((started.Pid, new ProcessExit(0, 0)), (listed.Pid, listed.Exit));

        await agent.ForgetAsync(started.Pid, Soon());
        Assert.DoesNotContain(await agent.ListAsync(Soon()), process => process.Tag == "mine");
        Assert.Equal(FaultCode.NotFound, (await FaultAsync(() => FollowAsync(agent, started.Pid))).Code);
    }

    [Fact]
    public async Task A_process_that_runs_cannot_be_forgotten_and_ends_with_its_lifetime()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);

        ProcessInfo sleeper = await agent.StartAsync(Bash("sleep 600") with { Lifetime = TimeSpan.FromSeconds(3) }, Soon());

        Assert.Equal(FaultCode.WrongState, (await FaultAsync(() => agent.ForgetAsync(sleeper.Pid, Soon()))).Code);
        Assert.Equal(9, (await FollowAsync(agent, sleeper.Pid)).Exit.Signal);
    }

    [Fact]
    public async Task What_is_written_to_a_process_reaches_it_and_closing_ends_its_input()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);

        await using Conversation cat = await Conversation.StartAsync(agent, Bash("cat; exit 7") with { TakesInput = true });
        await cat.TypeAsync("one\n");
        Assert.Equal("one\n", await cat.UntilAsync("\n"));
        await cat.TypeAsync(new string('x', 500_000) + "\n");
        Assert.Equal(500_001, (await cat.UntilAsync("\n")).Length);
        await agent.CloseInputAsync(cat.Pid, Soon());
        await cat.EndAsync();
        Assert.Equal(new ProcessExit(7, 0), cat.Exit);
        Assert.Equal(FaultCode.NotFound, (await FaultAsync(() => cat.TypeAsync("x"))).Code);

        ProcessInfo closed = await agent.StartAsync(Bash("sleep 600"), Soon());
        Assert.Equal(FaultCode.WrongState, (await FaultAsync(() => agent.WriteInputAsync(closed.Pid, new byte[1], Soon()))).Code);
        Assert.Equal(FaultCode.WrongState, (await FaultAsync(() => agent.ResizeAsync(closed.Pid, new TerminalSize(80, 24), Soon()))).Code);
    }

    [Fact]
    public async Task A_process_on_a_terminal_is_echoed_listed_resized_and_interrupted()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);
        ProcessSpec spec = Bash("echo ready; cat") with
        {
            Terminal = new TerminalSize(80, 24), Tag = "screen", Environment = new Dictionary<string, string> { ["A"] = "1" },
        };

        await using Conversation cat = await Conversation.StartAsync(agent, spec);
        Assert.Equal("ready\r\n", await cat.UntilAsync("\n"));
        await cat.TypeAsync("hello\n");
        Assert.Equal("hello\r\nhello\r\n", await cat.UntilAsync("hello\r\nhello\r\n"));
        ProcessInfo listed = Assert.Single(await agent.ListAsync(Soon()), process => process.Tag == "screen");
        Assert.Equal((true, "1"), (listed.HasTerminal, listed.Environment["A"]));
        await agent.ResizeAsync(cat.Pid, new TerminalSize(132, 43), Soon());

        await cat.TypeAsync("\u0003");
        await cat.EndAsync();
        Assert.Equal(2, cat.Exit!.Signal);
    }

    [Fact]
    public async Task A_shell_reads_its_commands_from_its_input()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);

        await using Conversation shell = await Conversation.StartAsync(
            world.Node.Agent(_id), new ProcessSpec { Arguments = ["bash"], TakesInput = true });
        await shell.TypeAsync("read NAME\nworld\necho hello $NAME\n");
        Assert.Equal("hello world\n", await shell.UntilAsync("\n"));
        await shell.TypeAsync("exit 4\n");
        Assert.Equal("", await shell.EndAsync());
        Assert.Equal(new ProcessExit(4, 0), shell.Exit);
    }

    [Fact]
    public async Task The_environment_of_the_request_lies_over_the_sandboxs()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        LaunchRequest request = world.Request(_id) with { Environment = new Dictionary<string, string> { ["A"] = "sandbox", ["B"] = "sandbox" } };
        await world.Node.LaunchAsync(request, _ => { }, Soon());

        ProcessSpec spec = Bash("echo $A $B") with { Environment = new Dictionary<string, string> { ["B"] = "request" } };
        ProcessInfo process = await world.Node.Agent(_id).StartAsync(spec, Soon());

        Assert.Equal("sandbox request\n", (await FollowAsync(world.Node.Agent(_id), process.Pid)).Output);
    }

    [Fact]
    public async Task More_output_than_is_kept_is_reported_as_dropped_to_a_late_reader()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);
        ProcessInfo process = await agent.StartAsync(Bash("head -c 1000000 /dev/zero") with { OutputCapacity = 64 * 1024 }, Soon());
        await EndedAsync(agent, process.Pid);

        long dropped = 0;
        long read = 0;
        await foreach (ProcessEvent seen in agent.AttachAsync(process.Pid, 0, Soon()))
        {
            dropped += seen is ProcessEvent.Dropped gone ? gone.To - gone.From : 0;
            read += seen is ProcessEvent.Output output ? output.Data.Length : 0;
        }

        Assert.Equal(1_000_000, dropped + read);
        Assert.InRange(read, 1, 64 * 1024);
    }

    [Fact]
    public async Task A_launch_that_fails_at_any_point_leaves_nothing()
    {
        foreach (string point in await PointsAsync())
        {
            await using ContractNode world = await CreateAsync(Throwing(point));

            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => LaunchAsync(world));

            Assert.Contains(point, e.Message, StringComparison.Ordinal);
            await AssertNothingLeftAsync(world);
        }
    }

    [Fact]
    public async Task A_launch_that_is_cancelled_at_any_point_leaves_nothing()
    {
        // After the last step there is nothing left to cancel.
        foreach (string point in (await PointsAsync()).SkipLast(2))
        {
            using var cancel = new CancellationTokenSource();
            await using ContractNode world = await CreateAsync(new LaunchFaults(reached =>
            {
                if (reached == point)
                {
                    cancel.Cancel();
                }
            }));

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Node.LaunchAsync(world.Request(_id), _ => { }, cancel.Token));

            await AssertNothingLeftAsync(world);
        }
    }

    [Fact]
    public async Task Cleaning_removes_everything_and_may_be_repeated()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);

        await world.Node.CleanAsync(_id, Soon());
        await AssertNothingLeftAsync(world);
        await world.Node.CleanAsync(_id, Soon());

        Assert.False(world.Node.Lost.TryRead(out _), "a sandbox that was cleaned is not lost");
        await LaunchAsync(world);
        Assert.Equal("again\n", (await RunAsync(world.Node.Agent(_id), "echo again")).Output);
    }

    [Fact]
    public async Task A_sandbox_that_ends_by_itself_is_reported_once_with_a_reason()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);

        await world.CrashAsync(_id);
        SandboxLost lost = await world.Node.Lost.ReadAsync(Soon());

        Assert.Equal(_id, lost.Id);
        Assert.NotEqual("", lost.Reason);
        await world.Node.CleanAsync(_id, Soon());
        await AssertNothingLeftAsync(world);
        Assert.False(world.Node.Lost.TryRead(out _));
    }

    [Fact]
    public async Task A_second_node_over_the_same_journal_takes_the_sandbox_back_with_its_processes()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        ProcessInfo before = await world.Node.Agent(_id).StartAsync(Bash("echo kept; sleep 600") with { Tag = "survivor" }, Soon());

        INode second = await world.SecondAsync();
        Assert.Equal([_id], await second.ListAsync(Soon()));
        Assert.Null(await second.AdoptAsync(_id, Soon()));
        Assert.Null(await second.AdoptAsync(_id, Soon()));

        ProcessInfo after = Assert.Single(await second.Agent(_id).ListAsync(Soon()), process => process.Tag == "survivor");
        Assert.Equal((before.Pid, (ProcessExit?)null), (after.Pid, after.Exit));
        Assert.Equal("new\n", (await RunAsync(second.Agent(_id), "echo new")).Output);
        await second.CleanAsync(_id, Soon());
        Assert.Empty(await world.TracesAsync());
    }

    [Fact]
    public async Task What_cannot_be_taken_back_is_said_in_a_sentence_and_can_be_cleaned()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
        await world.CrashAsync(_id);

        INode second = await world.SecondAsync();

        Assert.False(string.IsNullOrWhiteSpace(await second.AdoptAsync(_id, Soon())));
        Assert.False(string.IsNullOrWhiteSpace(await second.AdoptAsync(SandboxId.New(DateTimeOffset.UtcNow), Soon())));
        await second.CleanAsync(_id, Soon());
        Assert.Empty(await second.ListAsync(Soon()));
        Assert.Empty(await world.TracesAsync());
    }

    [Fact]
    public async Task The_agent_of_a_sandbox_that_does_not_run_here_is_unavailable()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        Assert.Equal(FaultCode.AgentUnavailable, Assert.Throws<FaultException>(() => world.Node.Agent(_id)).Fault.Code);

        await LaunchAsync(world);
        IAgent agent = world.Node.Agent(_id);
        await world.Node.CleanAsync(_id, Soon());

        Assert.Equal(FaultCode.AgentUnavailable, Assert.Throws<FaultException>(() => world.Node.Agent(_id)).Fault.Code);
        Assert.Equal(FaultCode.AgentUnavailable, (await FaultAsync(() => agent.ListAsync(Soon()))).Code);
    }

    private static CancellationToken Soon() => new CancellationTokenSource(Bound).Token;

    private static ProcessSpec Bash(string script) => new() { Arguments = ["bash", "-c", script] };

    private static LaunchFaults Throwing(string point) => new(reached =>
    {
        if (reached == point)
        {
            throw new IOException($"fault injected at {point}");
        }
    });

    private static async Task<Fault> FaultAsync(Func<Task> action) => (await Assert.ThrowsAsync<FaultException>(action)).Fault;

    private async Task FaultsWithoutAsync(ContractNode world) => Assert.Equal(
        FaultCode.AgentUnavailable, (await Assert.ThrowsAsync<FaultException>(() => world.Node.StatsAsync(_id, Soon()))).Fault.Code);

    private static async Task<(string Output, string Error, ProcessExit Exit)> RunAsync(IAgent agent, string script) =>
        await FollowAsync(agent, (await agent.StartAsync(Bash(script), Soon())).Pid);

    private static async Task<(string Output, string Error, ProcessExit Exit)> FollowAsync(IAgent agent, int pid, long from = 0)
    {
        var output = new StringBuilder();
        var error = new StringBuilder();
        await foreach (ProcessEvent seen in agent.AttachAsync(pid, from, Soon()))
        {
            switch (seen)
            {
                case ProcessEvent.Output text:
                    (text.Stream is OutputStream.StandardOutput ? output : error).Append(Encoding.UTF8.GetString(text.Data.Span));
                    break;
                case ProcessEvent.Exited exited:
                    return (output.ToString(), error.ToString(), exited.Exit);
            }
        }

        throw new InvalidOperationException("the events ended without an exit");
    }

    // Without attaching: a reader would hold the process back.
    private static async Task EndedAsync(IAgent agent, int pid)
    {
        while ((await agent.ListAsync(Soon())).Single(process => process.Pid == pid).Exit is null)
        {
            await Task.Delay(50, Soon());
        }
    }

    private Task LaunchAsync(ContractNode world) => world.Node.LaunchAsync(world.Request(_id), _ => { }, Soon());

    private async Task<IReadOnlyList<string>> PointsAsync()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        return [.. world.Steps.SelectMany(step => new[] { $"before:{step}", $"after:{step}" })];
    }

    private async Task AssertNothingLeftAsync(ContractNode world)
    {
        Assert.Empty(await world.Node.ListAsync(Soon()));
        Assert.Empty(await world.TracesAsync());
        Assert.Throws<FaultException>(() => world.Node.Agent(_id));
    }
}
