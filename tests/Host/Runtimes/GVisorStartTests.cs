using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Unit.Control;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>What a template starts in a real sandbox, and the check that is waited for.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorStartTests(GVisorMachine machine) : IAsyncLifetime
{
    private readonly GVisorContractNode _world = new(machine, LaunchFaults.None);
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);

    public static TheoryData<string, ReadyCheck> Checks => new()
    {
        { "sleep 1; touch /run/up; sleep 600", new ReadyCheck.Exec(["test", "-e", "/run/up"]) },
        { "sleep 1; touch /run/up; cd /srv; exec python3 -m http.server 8123", new ReadyCheck.TcpSocket(8123) },
        { "sleep 1; touch /run/up; mkdir /srv/x; cd /srv; exec python3 -m http.server 8123", new ReadyCheck.HttpGet(8123, "/x/") },
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        Assert.Empty(machine.Traces());
    }

    [Theory]
    [MemberData(nameof(Checks))]
    public async Task A_sandbox_is_launched_once_what_it_starts_is_ready(string start, ReadyCheck check)
    {
        List<SandboxPhase> phases = [];
        await _world.Node.LaunchAsync(Request(start) with { Ready = check }, phases.Add, Soon());

        Assert.Contains(SandboxPhase.WaitingReady, phases);
        Assert.Equal("/run/up", await _world.Node.Agent(_id).RunAsync("ls /run/up", Soon()));
        ProcessInfo started = Assert.Single(await _world.Node.Agent(_id).ListAsync(Soon()), process => process.Tag == ProcessSpec.StartTag);
        Assert.Null(started.Exit);
    }

    [Fact]
    public async Task What_cannot_be_started_fails_the_launch_and_leaves_nothing()
    {
        var failed = await Assert.ThrowsAnyAsync<FaultException>(
            () => _world.Node.LaunchAsync(Request("true") with { Start = ["/no/such/program"] }, _ => { }, Soon()));

        Assert.Contains("/no/such/program", failed.Fault.Message);
        Assert.Empty(machine.Traces());
    }

    [Fact]
    public async Task A_launch_that_is_given_up_while_its_check_is_tried_leaves_nothing()
    {
        using var given = new CancellationTokenSource();
        void Give(SandboxPhase phase)
        {
            if (phase is SandboxPhase.WaitingReady)
            {
                given.CancelAfter(TimeSpan.FromMilliseconds(300));
            }
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _world.Node.LaunchAsync(Request("sleep 600") with { Ready = new ReadyCheck.Exec(["sleep", "600"]) }, Give, given.Token));

        Assert.Empty(machine.Traces());
    }

    [Fact]
    public async Task A_check_that_never_holds_is_told_with_what_both_said()
    {
        await _world.Node.LaunchAsync(Request("true"), _ => { }, Soon());
        var time = new FakeTime();
        LaunchRequest request = Request("echo cannot bind; exit 1") with { Ready = new ReadyCheck.Exec(["bash", "-c", "echo not yet; exit 4"]) };
        var context = new LaunchContext(request, new JournaledRecord(new LaunchRecord(_id), machine.Journal))
        {
            Running = new RunningSandbox(_world.Node.Agent(_id), Task.FromResult(""), () => ValueTask.CompletedTask),
        };
        Task starting = new StartStep(time).DoAsync(context, Soon());
        await time.TimerAsync(TimeSpan.FromMilliseconds(250));

        time.Advance(StartStep.Limit);

        var failed = await Assert.ThrowsAsync<FaultException>(() => starting.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(FaultCode.Timeout, failed.Fault.Code);
        Assert.StartsWith("ready_command did not hold within 45 s: ", failed.Fault.Message);
        Assert.EndsWith("; the end of custom_command's output: cannot bind", failed.Fault.Message);
    }

    private LaunchRequest Request(string start) => _world.Request(_id) with { Start = ["bash", "-c", start] };

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token;
}
