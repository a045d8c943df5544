using Atoll.Linux;
using Atoll.Node.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>In this collection because a process has one reaper: that of the machine which its tests share.</summary>
[Collection(GVisorCollection.Name)]
public sealed class HostProcessesTests(GVisorMachine machine) : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    private readonly Descriptor _nothing = DescriptorCalls.OpenNull();

    public void Dispose() => _nothing.Dispose();

    [Fact]
    public async Task A_program_that_takes_too_long_is_killed_and_reaped()
    {
        HostProcess sleeper = machine.Processes.Start(Sleeper());

        await Assert.ThrowsAsync<IOException>(() => machine.Processes.EndAsync(sleeper, Moment, CancellationToken.None));

        Assert.Equal(Signals.SIGKILL, (await sleeper.Exit.WaitAsync(TimeSpan.FromSeconds(20))).Signal);
        Assert.Null(ProcessStat.TryRead(sleeper.Pid));
    }

    [Fact]
    public async Task A_pid_that_is_no_longer_the_programs_is_not_signalled()
    {
        // Stands for the process that got the pid of one that was reaped: the reaper has no entry for it.
        Assert.Equal(Errno.None, Spawn.Start(Sleeper(), out int other));
        try
        {
            var reaped = new HostProcess("sleep", other, new TaskCompletionSource<ChildExit>().Task);

            await Assert.ThrowsAsync<IOException>(() => machine.Processes.EndAsync(reaped, Moment, CancellationToken.None));

            Task ended = ProcessExits.WaitAsync(other, expectedStartTicks: null, CancellationToken.None);
            Assert.NotSame(ended, await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(500))));
        }
        finally
        {
            Signals.Send(other, Signals.SIGKILL);
        }
    }

    private SpawnRequest Sleeper() => new(HostProcesses.Find("sleep")!, ["sleep", "60"], [], "/", _nothing, _nothing, _nothing);
}
