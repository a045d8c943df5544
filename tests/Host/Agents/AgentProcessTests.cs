using System.Diagnostics;
using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Host.Agents;

[Collection(AgentTests.Name)]
public sealed class AgentProcessTests(AgentFile file) : IAsyncLifetime
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
    public async Task Output_and_exit_code_come_back_with_the_streams_apart()
    {
        Transcript said = await Transcript.RunAsync(_session, "echo out; echo err >&2; exit 7");
        Assert.Equal(("out\n", "err\n", new ProcessExit(7, 0)), (said.Output, said.Error, said.Exit));
    }

    [Fact]
    public async Task Death_by_a_signal_is_told_with_its_number()
    {
        Transcript said = await Transcript.RunAsync(_session, "kill -SEGV $$");
        Assert.Equal(new ProcessExit(128 + 11, 11), said.Exit);
    }

    [Fact]
    public async Task Environment_directory_and_user_are_as_asked()
    {
        Transcript said = await Transcript.RunAsync(_session, Transcript.Shell("pwd; id -un; id -g; echo $A $HOME $USER $LOGNAME; echo $PATH") with
        {
            WorkingDirectory = "/tmp",
            User = "nobody",
            Environment = new Dictionary<string, string> { ["A"] = "b c=d" },
        });
        Assert.Equal("/tmp\nnobody\n65534\nb c=d /nonexistent nobody nobody\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n", said.Output);
    }

    [Fact]
    public async Task A_numeric_user_without_an_entry_runs_without_any_privilege()
    {
        Transcript said = await Transcript.RunAsync(_session, Transcript.Shell("id -u; id -G; grep CapEff /proc/self/status; cat /etc/shadow") with { User = "54321" });
        Assert.StartsWith("54321\n54321\nCapEff:\t0000000000000000\n", said.Output);
        Assert.Contains("Permission denied", said.Error);
        Assert.Equal("0\n", (await Transcript.RunAsync(_session, "id -u")).Output);
    }

    [Fact]
    public async Task A_process_has_its_own_session_no_foreign_descriptors_and_default_signals()
    {
        string[] ids = (await Transcript.RunAsync(_session, "echo $$ $(cut -d' ' -f6 /proc/$$/stat)")).Output.Trim().Split(' ');
        Assert.Equal(ids[0], ids[1]);

        // Programs without a shell between, which would block signals and open pipes of its own for moments.
        Transcript open = await Transcript.RunAsync(_session, new ProcessSpec { Arguments = ["ls", "-l", "/proc/self/fd"] });
        string[] links = [.. open.Output.Split('\n').Where(line => line.Contains("->")).Select(line => line[(line.IndexOf(" -> ") + 4)..])];
        Assert.Equal(4, links.Length);
        Assert.Equal("/dev/null", links[0]);
        Assert.EndsWith("/fd", links[3]);

        Transcript signals = await Transcript.RunAsync(_session, new ProcessSpec { Arguments = ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"] });
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", signals.Output);
    }

    [Theory]
    [InlineData("nosuchprogram", "/", "root", FaultCode.InvalidArgument, "command", "no program 'nosuchprogram'")]
    [InlineData("/etc/passwd", "/", "root", FaultCode.InvalidArgument, "command", "not executable")]
    [InlineData("/etc", "/", "root", FaultCode.InvalidArgument, "command", "not executable")]
    [InlineData("true", "/no/such", "root", FaultCode.InvalidArgument, "cwd", "no directory '/no/such'")]
    [InlineData("true", "relative", "root", FaultCode.InvalidArgument, "cwd", "no directory '/root/relative'")]
    [InlineData("true", "/root", "nobody", FaultCode.InvalidArgument, "cwd", "may not enter")]
    [InlineData("true", "/", "nosuchuser", FaultCode.InvalidArgument, "user", "no user 'nosuchuser'")]
    public async Task What_cannot_start_says_why(string program, string directory, string user, FaultCode code, string field, string message)
    {
        var spec = new ProcessSpec { Arguments = [program], WorkingDirectory = directory, User = user };
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.StartAsync(spec, CancellationToken.None));
        Assert.Equal((code, field), (e.Fault.Code, e.Fault.Field));
        Assert.Contains(message, e.Fault.Message);
        Assert.Empty(_agent.Children());
    }

    [Fact]
    public async Task Arguments_of_a_hundred_kilobytes_arrive_and_what_no_kernel_takes_is_refused()
    {
        string[] words = [.. Enumerable.Repeat(new string('x', 100_000), 10)];
        Transcript said = await Transcript.RunAsync(_session, new ProcessSpec { Arguments = ["sh", "-c", "for a; do echo ${#a}; done", "sh", .. words] });
        Assert.Equal(string.Concat(Enumerable.Repeat("100000\n", 10)), said.Output);

        foreach (int size in (int[])[200_000, 3_000_000])
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(
                () => _session.StartAsync(new ProcessSpec { Arguments = ["true", new string('x', size)] }, CancellationToken.None));
            Assert.Equal(FaultCode.TooLarge, e.Fault.Code);
        }
    }

    [Fact]
    public async Task A_command_that_leaves_a_child_behind_holding_its_output_ends_about_a_second_later()
    {
        long start = Stopwatch.GetTimestamp();
        Transcript said = await Transcript.RunAsync(_session, "sleep 100 & echo done");
        Assert.Equal("done\n", said.Output);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 5);
    }

    [Fact]
    public async Task Orphans_are_adopted_and_reaped()
    {
        await Transcript.RunAsync(_session, "(for i in 1 2 3 4 5; do (sleep 0.2 &) ; done) >/dev/null 2>&1");
        Assert.Equal(5, _agent.Children().Count);
        await WaitUntilAsync(() => _agent.Children().Count == 0);
    }

    [Fact]
    public async Task The_lifetime_ends_the_whole_group()
    {
        ProcessSpec spec = Transcript.Shell("sleep 100 & sleep 100") with { Lifetime = TimeSpan.FromMilliseconds(300) };
        Transcript said = await Transcript.RunAsync(_session, spec);
        Assert.Equal(9, said.Exit.Signal);
        await WaitUntilAsync(() => _agent.Children().Count == 0);
    }

    public static TheoryData<string> Runaways => new(
        "setsid sleep 1000 & echo ready; sleep 1000",
        "(setsid sleep 1000 &); echo ready; sleep 1000",
        "(setsid sh -c 'sleep 1000 & sleep 1000' &); echo ready; sleep 1000",
        "env -i setsid sh -c 'sleep 1000 & sleep 1000' & echo ready; sleep 1000",
        "exec env -i sh -c '(sleep 1000 &); echo ready; sleep 1000'");

    [Theory]
    [MemberData(nameof(Runaways))]
    public async Task A_kill_reaches_all_that_a_process_started_and_nobody_else(string command)
    {
        ProcessInfo bystander = await _session.StartAsync(Transcript.Shell("exec sleep 1000"), default);
        ProcessInfo process = await _session.StartAsync(Transcript.Shell(command), default);
        await FirstOutputAsync(process.Pid);
        await _session.SignalAsync(process.Pid, Signals.SIGKILL, wholeGroup: true, default);
        await WaitUntilAsync(() => _agent.Children() is [var left] && left.Pid == bystander.Pid);
        Assert.DoesNotContain(_agent.Children()[0].State, "TZ");
    }

    [Theory]
    [MemberData(nameof(Runaways))]
    public async Task The_lifetime_ends_all_that_a_process_started(string command)
    {
        ProcessInfo process = await _session.StartAsync(Transcript.Shell(command) with { Lifetime = TimeSpan.FromSeconds(1) }, default);
        Assert.Equal(9, (await Transcript.ReadAsync(_session, process.Pid)).Exit.Signal);
        await WaitUntilAsync(() => _agent.Children().Count == 0);
    }

    [Fact]
    public async Task What_a_process_leaves_behind_when_it_ends_is_not_held_to_its_lifetime_and_can_still_be_killed()
    {
        ProcessSpec spec = Transcript.Shell("setsid sleep 1000 >/dev/null 2>&1 & exit 0") with { Lifetime = TimeSpan.FromSeconds(1) };
        ProcessInfo process = await _session.StartAsync(spec, default);
        Assert.Equal(new ProcessExit(0, 0), (await Transcript.ReadAsync(_session, process.Pid)).Exit);
        await Task.Delay(1500);
        Assert.Single(_agent.Children());

        await _session.SignalAsync(process.Pid, Signals.SIGKILL, wholeGroup: true, default);
        await WaitUntilAsync(() => _agent.Children().Count == 0);
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.SignalAsync(process.Pid, Signals.SIGKILL, wholeGroup: true, default));
        Assert.Equal(FaultCode.NotFound, e.Fault.Code);
    }

    [Fact]
    public async Task A_signal_reaches_the_process_or_its_whole_group()
    {
        ProcessInfo one = await _session.StartAsync(Transcript.Shell("trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done"), default);
        await FirstOutputAsync(one.Pid);
        await _session.SignalAsync(one.Pid, Signals.SIGTERM, wholeGroup: false, default);
        Transcript said = await Transcript.ReadAsync(_session, one.Pid);
        Assert.Equal(("ready\ngot\n", 3), (said.Output, said.Exit.Code));

        ProcessInfo group = await _session.StartAsync(Transcript.Shell("sleep 100 & echo ready; wait"), default);
        await FirstOutputAsync(group.Pid);
        await _session.SignalAsync(group.Pid, Signals.SIGKILL, wholeGroup: true, default);
        await WaitUntilAsync(() => _agent.Children().Count == 0);
    }

    [Fact]
    public async Task Ended_processes_are_listed_until_forgotten()
    {
        ProcessInfo started = await _session.StartAsync(Transcript.Shell("exit 4") with { Tag = "mine", WorkingDirectory = "/tmp" }, default);
        await Transcript.ReadAsync(_session, started.Pid);
        ProcessInfo listed = Assert.Single(await _session.ListAsync(default));
        Assert.Equal((started.Pid, "mine", "/tmp", new ProcessExit(4, 0)), (listed.Pid, listed.Tag, listed.WorkingDirectory, listed.Exit));
        Assert.Equal(["/bin/sh", "-c", "exit 4"], listed.Arguments);

        await _session.ForgetAsync(started.Pid, default);
        Assert.Empty(await _session.ListAsync(default));
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.ForgetAsync(started.Pid, default));
        Assert.Equal(FaultCode.NotFound, e.Fault.Code);
    }

    [Fact]
    public async Task A_running_process_is_not_forgotten()
    {
        ProcessInfo started = await _session.StartAsync(Transcript.Shell("sleep 100"), default);
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.ForgetAsync(started.Pid, default));
        Assert.Equal(FaultCode.WrongState, e.Fault.Code);
    }

    [Fact]
    public async Task Only_the_newest_64_ended_processes_are_kept()
    {
        List<int> pids = [];
        for (int i = 0; i < 70; i++)
        {
            ProcessInfo started = await _session.StartAsync(new ProcessSpec { Arguments = ["true", new string('x', 20_000)] }, default);
            await Transcript.ReadAsync(_session, started.Pid);
            pids.Add(started.Pid);
        }

        IReadOnlyList<ProcessInfo> kept = await _session.ListAsync(default);
        Assert.Equal(pids[^64..].Order(), kept.Select(process => process.Pid));
    }

    [Fact]
    public async Task Configuration_reaches_the_name_the_environment_and_the_files()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(file, "unshare", "--uts");
        AgentSession session = await agent.ConnectAsync();
        string path = Path.Combine(Path.GetTempPath(), $"atoll-{Guid.NewGuid():N}", "hosts");
        try
        {
            await session.ConfigureAsync(
                new AgentConfiguration
                {
                    Hostname = "island",
                    Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "1" },
                    Entropy = new byte[] { 1, 2, 3 },
                    Files = [new BootFile(path, 0x180, Encoding.UTF8.GetBytes("127.0.0.1 x"))],
                },
                default);
            Transcript said = await Transcript.RunAsync(session, Transcript.Shell("hostname; echo $A$B") with { Environment = new Dictionary<string, string> { ["B"] = "2" } });
            Assert.Equal("island\n12\n", said.Output);
            Assert.Equal("127.0.0.1 x", File.ReadAllText(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
        finally
        {
            if (Directory.Exists(Path.GetDirectoryName(path)))
            {
                Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
            }
        }
    }

    [Fact]
    public async Task The_agent_outlives_the_signals_that_would_end_an_ordinary_process()
    {
        foreach (int signal in (int[])[Signals.SIGTERM, Signals.SIGINT, Signals.SIGHUP, Signals.SIGPIPE, Signals.SIGUSR1])
        {
            Assert.Equal(Errno.None, Signals.Send(_agent.Pid, signal));
        }

        Assert.Equal("alive\n", (await Transcript.RunAsync(_session, "echo alive")).Output);
    }

    private async Task FirstOutputAsync(int pid)
    {
        await foreach (ProcessEvent _ in _session.AttachAsync(pid, 0, default))
        {
            return;
        }
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), "waited 10 s in vain");
            await Task.Delay(20);
        }
    }
}
