using System.Text;
using Atoll.Control.Processes;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Processes;

public sealed class ExecutionTests
{
    [Fact]
    public async Task A_command_runs_in_its_directory_with_the_sandboxs_and_its_own_environment()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "1" } });
        var request = new ExecutionRequest("pwd; echo $A$B; exit 4", "/tmp", new Dictionary<string, string> { ["B"] = "2" }, null);

        Execution started = await world.Executions.StartAsync(world.Root, sandbox.Id, request, default);
        (Execution execution, string output, ProcessExit exit) = await FollowAsync(world, sandbox.Id);

        Assert.Equal(started, execution);
        Assert.Equal(("/tmp\n12\n", 4), (output, exit.Code));
        Assert.Equal(world.Time.GetUtcNow() + TimeSpan.FromHours(1), started.Deadline);
        Assert.Null(await world.Executions.ActiveAsync(world.Root, sandbox.Id, default));
        Assert.False(await world.Executions.CancelAsync(world.Root, sandbox.Id, default));
    }

    [Fact]
    public async Task The_last_run_can_be_read_again_until_the_next_one_starts()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Executions.AttachAsync(world.Root, sandbox.Id, default))).Code);

        await StartAsync(world, sandbox.Id, "echo one");
        Assert.Equal("one\n", (await FollowAsync(world, sandbox.Id)).Output);
        Assert.Equal("one\n", (await FollowAsync(world, sandbox.Id)).Output);
        await StartAsync(world, sandbox.Id, "echo two");
        Assert.Equal("two\n", (await FollowAsync(world, sandbox.Id)).Output);

        Assert.Single(await world.Node.Agent(sandbox.Id).ListAsync(default));
    }

    [Fact]
    public async Task Of_many_starts_at_the_same_time_exactly_one_wins()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();

        Task<Execution>[] starts = [.. Enumerable.Range(0, 20).Select(i => Task.Run(() => StartAsync(world, sandbox.Id, $"sleep 10; echo {i}")))];
        await Task.WhenAll(starts).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(1, starts.Count(task => task.IsCompletedSuccessfully));
        Assert.All(starts.Where(task => task.IsFaulted), task =>
            Assert.Equal(FaultCode.Busy, ((FaultException)task.Exception!.InnerException!).Fault.Code));
        Assert.Single(await world.Node.Agent(sandbox.Id).ListAsync(default));
    }

    [Fact]
    public async Task A_cancel_kills_the_command_and_the_reader_sees_its_end()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Execution started = await StartAsync(world, sandbox.Id, "echo begun; sleep 100");
        Assert.Equal(started, await world.Executions.ActiveAsync(world.Root, sandbox.Id, default));

        Assert.True(await world.Executions.CancelAsync(world.Root, sandbox.Id, default));

        Assert.Equal(new ProcessExit(137, 9), (await FollowAsync(world, sandbox.Id)).Exit);
    }

    [Fact]
    public async Task A_command_is_killed_at_its_deadline()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.Executions.StartAsync(
            world.Root, sandbox.Id, new ExecutionRequest("sleep 1000", "/", new Dictionary<string, string>(), TimeSpan.FromSeconds(7)), default);
        await world.Time.TimerAsync(TimeSpan.FromSeconds(7));

        world.Time.Advance(TimeSpan.FromSeconds(8));

        Assert.Equal(9, (await FollowAsync(world, sandbox.Id)).Exit.Signal);
    }

    [Fact]
    public async Task A_run_is_found_again_after_the_server_was_killed_and_is_still_the_only_one()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Execution started = await StartAsync(world, sandbox.Id, "echo before; sleep 100");
        await world.KillAsync();
        await world.StartControlAsync();

        Assert.Equal(started, await world.Executions.ActiveAsync(world.Root, sandbox.Id, default));
        Assert.Equal(FaultCode.Busy, (await ControlWorld.FaultAsync(() => StartAsync(world, sandbox.Id, "echo no"))).Code);
        Assert.True(await world.Executions.CancelAsync(world.Root, sandbox.Id, default));
        (_, string output, ProcessExit exit) = await FollowAsync(world, sandbox.Id);
        Assert.Equal(("before\n", 9), (output, exit.Signal));
    }

    [Fact]
    public async Task Nothing_runs_in_a_sandbox_that_does_not()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);

        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => StartAsync(world, sandbox.Id, "echo"))).Code);
        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => world.Executions.ActiveAsync(world.Root, sandbox.Id, default))).Code);
    }

    [Fact]
    public async Task A_reader_of_a_lost_sandbox_is_told()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await StartAsync(world, sandbox.Id, "sleep 100");
        Task<(Execution, string, ProcessExit)> reading = FollowAsync(world, sandbox.Id);

        world.Machine.Crash(sandbox.Id, "gone");

        Assert.Equal(FaultCode.AgentUnavailable, (await ControlWorld.FaultAsync(() => reading)).Code);
    }

    [Theory]
    [InlineData("", "/", 60, "command")]
    [InlineData("a\0b", "/", 60, "command")]
    [InlineData("echo", "tmp", 60, "cwd")]
    [InlineData("echo", "", 60, "cwd")]
    [InlineData("echo", "/", 0, "timeout")]
    [InlineData("echo", "/", -1, "timeout")]
    [InlineData("echo", "/", 86401, "timeout")]
    public async Task A_wrong_request_is_refused_with_its_field(string command, string directory, int seconds, string field)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        var request = new ExecutionRequest(command, directory, new Dictionary<string, string>(), TimeSpan.FromSeconds(seconds));

        Fault fault = await ControlWorld.FaultAsync(() => world.Executions.StartAsync(world.Root, sandbox.Id, request, default));

        Assert.Equal((FaultCode.InvalidArgument, field), (fault.Code, fault.Field));
        Assert.Empty(await world.Node.Agent(sandbox.Id).ListAsync(default));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40_000)]
    [InlineData(40_001)]
    [InlineData(300_000)]
    public void A_command_of_any_length_is_read_back_from_arguments_that_the_kernel_takes(int length)
    {
        // A surrogate pair sits on every possible cut.
        string command = string.Concat(Enumerable.Repeat("x😀", length / 3 + 1))[..length].TrimEnd('\ud83d');

        IReadOnlyList<string> arguments = ShellCommand.Arguments(command);

        Assert.Equal(command, ShellCommand.Read(arguments));
        Assert.All(arguments, argument => Assert.InRange(Encoding.UTF8.GetByteCount(argument), 1, 128 * 1024 - 1));
        Assert.All(arguments, argument => Assert.Equal(argument, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(argument))));
    }

    [Theory]
    [InlineData(512 * 1024, true)]
    [InlineData((512 * 1024) + 1, false)]
    public async Task A_command_has_a_limit_that_a_request_can_reach(int bytes, bool accepted)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        string command = "true #" + new string('x', bytes - 6);

        if (accepted)
        {
            Assert.Equal(command, (await StartAsync(world, sandbox.Id, command)).Command);
        }
        else
        {
            Fault fault = await ControlWorld.FaultAsync(() => StartAsync(world, sandbox.Id, command));
            Assert.Equal((FaultCode.InvalidArgument, "command"), (fault.Code, fault.Field));
            Assert.Contains("512 KiB", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("exec:")]
    [InlineData("exec:1")]
    [InlineData("exec:1:2:3")]
    [InlineData("exec:-1:2")]
    [InlineData("exec:1:99999999999999999999")]
    [InlineData("exec:1:253402300800000")]
    public void A_process_with_another_tag_is_no_run(string tag) =>
        Assert.Null(ExecutionTag.Read(new ProcessInfo(7, tag, ["bash", "-c", "true"], "/", DateTimeOffset.UnixEpoch, null)));

    private static Task<Execution> StartAsync(ControlWorld world, SandboxId id, string command) =>
        world.Executions.StartAsync(world.Root, id, new ExecutionRequest(command, "/", new Dictionary<string, string>(), null), default);

    private static async Task<(Execution Execution, string Output, ProcessExit Exit)> FollowAsync(ControlWorld world, SandboxId id)
    {
        using var bound = new CancellationTokenSource(ControlWorld.Bound);
        ExecutionStream stream = await world.Executions.AttachAsync(world.Root, id, bound.Token);
        var output = new StringBuilder();
        await foreach (ProcessEvent seen in stream.Events)
        {
            switch (seen)
            {
                case ProcessEvent.Output text:
                    output.Append(Encoding.UTF8.GetString(text.Data.Span));
                    break;
                case ProcessEvent.Exited exited:
                    return (stream.Execution, output.ToString(), exited.Exit);
            }
        }

        throw new InvalidOperationException("the events ended without an exit");
    }
}
