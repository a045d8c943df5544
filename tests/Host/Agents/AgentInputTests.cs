using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Linux;
using Atoll.Node.Agents;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>What is written to processes: that it arrives whole, that it holds its writer, and that it takes no more memory than promised.</summary>
[Collection(AgentTests.Name)]
public sealed class AgentInputTests(AgentFile file) : IAsyncLifetime
{
    private NativeAgent _agent = null!;
    private AgentSession _session = null!;

    public async Task InitializeAsync()
    {
        _agent = await NativeAgent.StartAsync(file);
        _session = await _agent.ConnectAsync();
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task What_is_written_comes_back_from_cat_and_closing_ends_it()
    {
        ProcessInfo cat = await _session.StartAsync(Reader("cat"), default);
        await _session.WriteInputAsync(cat.Pid, Bytes("one\n"), default);
        await _session.WriteInputAsync(cat.Pid, Bytes("two\n"), default);
        await _session.CloseInputAsync(cat.Pid, default);
        Transcript said = await Transcript.ReadAsync(_session, cat.Pid);
        Assert.Equal(("one\ntwo\n", new ProcessExit(0, 0)), (said.Output, said.Exit));
    }

    [Fact]
    public async Task A_hundred_megabytes_arrive_whole()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        ProcessInfo count = await _session.StartAsync(Reader("exec wc -c"), default);
        byte[] block = new byte[1_000_000];
        for (int i = 0; i < 100; i++)
        {
            await _session.WriteInputAsync(count.Pid, block, limit.Token);
        }

        await _session.CloseInputAsync(count.Pid, limit.Token);
        Assert.Equal("100000000\n", (await Transcript.ReadAsync(_session, count.Pid)).Output);
        Assert.InRange(_agent.ResidentKilobytes(), 0, 16 * 1024);
    }

    [Fact]
    public async Task A_process_that_does_not_read_holds_its_writer_until_it_reads()
    {
        ProcessInfo late = await _session.StartAsync(Reader("trap : USR1; echo ready; sleep 100 & wait $!; kill $!; wc -c"), default);
        await UntilAsync(late.Pid, "ready\n");
        Task writing = _session.WriteInputAsync(late.Pid, new byte[1_000_000], default);
        await Task.WhenAny(writing, Task.Delay(500));
        Assert.False(writing.IsCompleted);
        Assert.Equal("still here\n", (await Transcript.RunAsync(_session, "echo still here")).Output);

        await _session.SignalAsync(late.Pid, Signals.SIGUSR1, wholeGroup: false, default);
        await writing.WaitAsync(TimeSpan.FromSeconds(20));
        await _session.CloseInputAsync(late.Pid, default);
        Assert.Contains("1000000\n", (await Transcript.ReadAsync(_session, late.Pid)).Output);
    }

    [Fact]
    public async Task Of_what_waits_for_a_process_a_bounded_amount_is_kept_and_more_is_refused()
    {
        ProcessInfo deaf = await _session.StartAsync(Reader("sleep 100"), default);
        using var over = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 40).Select(_ => _session.WriteInputAsync(deaf.Pid, new byte[32 * 1024], over.Token))];

        // Two fill the pipe, eight wait, the others were refused.
        await WaitUntilAsync(() => writers.Count(writer => writer.IsFaulted) == 30);
        Assert.Equal(2, writers.Count(writer => writer.IsCompletedSuccessfully));
        Assert.All(writers.Where(writer => writer.IsFaulted), writer => Assert.Equal(FaultCode.NoCapacity, FaultOf(writer)));

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(writers.Where(writer => !writer.IsFaulted)));
    }

    [Fact]
    public async Task Two_hundred_deaf_processes_do_not_make_the_agent_grow_beyond_its_bound()
    {
        List<Task> writers = [];
        using var over = new CancellationTokenSource();
        for (int i = 0; i < 200; i++)
        {
            ProcessInfo deaf = await _session.StartAsync(new ProcessSpec { Arguments = ["sleep", "100"], TakesInput = true, OutputCapacity = 4096 }, default);
            writers.Add(_session.WriteInputAsync(deaf.Pid, new byte[200_000], over.Token));
        }

        // All that is kept for all processes together are 4 MiB, in pieces of 32 KiB and 256 bytes.
        const int waiting = 4 * 1024 * 1024 / ((32 * 1024) + 256);
        await WaitUntilAsync(() => writers.Count(writer => writer.IsFaulted) == 200 - waiting);
        Assert.InRange(_agent.ResidentKilobytes(), 0, 32 * 1024);

        // A writer who goes away takes back what waits, and makes room for others.
        await over.CancelAsync();
        ProcessInfo cat = await _session.StartAsync(Reader("cat"), default);
        await _session.WriteInputAsync(cat.Pid, Bytes("room again\n"), default);
        await UntilAsync(cat.Pid, "room again\n");
    }

    [Fact]
    public async Task A_writer_who_gives_up_takes_back_what_is_not_in_yet()
    {
        ProcessInfo late = await _session.StartAsync(Reader("trap : USR1; echo ready; sleep 100 & wait $!; kill $!; tr -d '\\0'"), default);
        await UntilAsync(late.Pid, "ready\n");
        await _session.WriteInputAsync(late.Pid, new byte[64 * 1024], default);
        using var over = new CancellationTokenSource();
        Task gone = _session.WriteInputAsync(late.Pid, Bytes("never"), over.Token);
        Assert.False(gone.IsCompleted);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);

        await _session.SignalAsync(late.Pid, Signals.SIGUSR1, wholeGroup: false, default);
        await _session.WriteInputAsync(late.Pid, Bytes("after"), default);
        await _session.CloseInputAsync(late.Pid, default);
        Assert.Equal("ready\nafter", (await Transcript.ReadAsync(_session, late.Pid)).Output);
    }

    [Fact]
    public async Task A_lost_connection_takes_back_what_waits_in_order()
    {
        ProcessInfo late = await _session.StartAsync(Reader("trap : USR1; echo ready; sleep 100 & wait $!; kill $!; tr -d '\\0'"), default);
        await UntilAsync(late.Pid, "ready\n");
        await _session.WriteInputAsync(late.Pid, new byte[64 * 1024], default);
        Task[] lost = [.. Enumerable.Range(0, 5).Select(i => _session.WriteInputAsync(late.Pid, Bytes($"lost {i} "), default))];
        await _session.ListAsync(default);
        _agent.CutConnections();
        foreach (Task writer in lost)
        {
            Assert.Equal(FaultCode.AgentUnavailable, (await Assert.ThrowsAsync<FaultException>(() => writer)).Fault.Code);
        }

        await _session.SignalAsync(late.Pid, Signals.SIGUSR1, wholeGroup: false, default);
        await _session.WriteInputAsync(late.Pid, Bytes("after"), default);
        await _session.CloseInputAsync(late.Pid, default);
        Assert.Equal("ready\nafter", (await Transcript.ReadAsync(_session, late.Pid)).Output);
    }

    [Fact]
    public async Task A_writer_whose_process_is_killed_is_told_that_it_has_ended()
    {
        ProcessInfo deaf = await _session.StartAsync(Reader("exec sleep 100"), default);
        Task writing = _session.WriteInputAsync(deaf.Pid, new byte[1_000_000], default);
        Assert.False(writing.IsCompleted);
        await _session.SignalAsync(deaf.Pid, Signals.SIGKILL, wholeGroup: true, default);
        Assert.Equal(FaultCode.NotFound, (await Assert.ThrowsAsync<FaultException>(() => writing)).Fault.Code);
        Assert.Equal(FaultCode.NotFound, await FaultAsync(() => _session.WriteInputAsync(deaf.Pid, new byte[1], default)));
        Assert.Equal(FaultCode.NotFound, await FaultAsync(() => _session.CloseInputAsync(deaf.Pid, default)));
    }

    [Fact]
    public async Task Input_that_is_closed_by_either_side_or_was_never_open_is_a_wrong_state()
    {
        ProcessInfo never = await _session.StartAsync(Transcript.Shell("sleep 100"), default);
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.WriteInputAsync(never.Pid, new byte[1], default)));
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.CloseInputAsync(never.Pid, default)));
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.ResizeAsync(never.Pid, new TerminalSize(80, 24), default)));

        ProcessInfo closed = await _session.StartAsync(Reader("sleep 100"), default);
        await _session.CloseInputAsync(closed.Pid, default);
        await _session.CloseInputAsync(closed.Pid, default);
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.WriteInputAsync(closed.Pid, new byte[1], default)));

        ProcessInfo closing = await _session.StartAsync(Reader("exec <&-; echo ready; sleep 100"), default);
        await UntilAsync(closing.Pid, "ready\n");
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.WriteInputAsync(closing.Pid, new byte[1], default)));
        Assert.Equal(FaultCode.WrongState, await FaultAsync(() => _session.WriteInputAsync(closing.Pid, new byte[1], default)));
        Assert.Equal(FaultCode.NotFound, await FaultAsync(() => _session.WriteInputAsync(99999999, new byte[1], default)));
    }

    [Fact]
    public async Task A_list_shows_tag_own_environment_and_terminal_and_cuts_what_is_too_large()
    {
        var environment = new Dictionary<string, string> { ["SMALL"] = "1", ["LARGE"] = new('x', 30_000), ["ALSO"] = "2" };
        ProcessSpec spec = Transcript.Shell("sleep 100") with { Tag = "mine", Environment = environment, Terminal = new TerminalSize(80, 24) };
        ProcessInfo started = await _session.StartAsync(spec, default);
        Assert.True(started.HasTerminal);

        ProcessInfo listed = Assert.Single(await _session.ListAsync(default));
        Assert.Equal((started.Pid, "mine", true), (listed.Pid, listed.Tag, listed.HasTerminal));
        Assert.Equal(new Dictionary<string, string> { ["SMALL"] = "1", ["ALSO"] = "2" }, listed.Environment);
    }

    [Fact]
    public async Task A_list_of_the_largest_entries_fits_into_its_pages()
    {
        string[] arguments = ["sleep", "100", .. Enumerable.Repeat("0", 1), .. Enumerable.Repeat(new string('0', 5_000), 8)];
        var environment = Enumerable.Range(0, 30).ToDictionary(i => $"V{i}", _ => new string('x', 1_000));
        for (int i = 0; i < 3; i++)
        {
            await _session.StartAsync(
                new ProcessSpec { Arguments = arguments, Environment = environment, Tag = new string('t', 256) }, default);
        }

        IReadOnlyList<ProcessInfo> listed = await _session.ListAsync(default);
        Assert.Equal(3, listed.Count);
        Assert.All(listed, process => Assert.InRange(process.Environment.Count, 20, 29));
    }

    private static ProcessSpec Reader(string command) => Transcript.Shell(command) with { TakesInput = true };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static FaultCode FaultOf(Task task) => ((FaultException)task.Exception!.InnerException!).Fault.Code;

    private static async Task<FaultCode> FaultAsync(Func<Task> action) => (await Assert.ThrowsAsync<FaultException>(action)).Fault.Code;

    private async Task UntilAsync(int pid, string wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string said = "";
        await foreach (ProcessEvent item in _session.AttachAsync(pid, 0, limit.Token))
        {
            said += item is ProcessEvent.Output output ? Encoding.UTF8.GetString(output.Data.Span) : "";
            if (said.Contains(wanted))
            {
                return;
            }
        }

        Assert.Fail($"it ended with '{said}'");
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
