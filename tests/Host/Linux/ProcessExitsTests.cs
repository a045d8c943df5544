using System.Diagnostics;
using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Linux;

public sealed class ProcessExitsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly List<Process> _started = [];

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }

    private ProcessStat Start(string file, params string[] arguments)
    {
        Process process = Commands.Start(file, arguments);
        _started.Add(process);
        return ProcessStat.TryRead(process.Id)!;
    }

    [Fact]
    public async Task A_wait_ends_when_the_process_does_and_not_before()
    {
        ProcessStat sleeper = Start("sleep", "60");
        Task exit = ProcessExits.WaitAsync(sleeper.Pid, sleeper.StartTicks, default);
        await Task.Delay(50);
        Assert.False(exit.IsCompleted);
        Assert.True(Pidfd.Signal(sleeper.Pid, sleeper.StartTicks, Signals.SIGKILL));
        await exit.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_process_that_is_no_child_is_waited_for()
    {
        // The shell ends at once, so that its sleep belongs to somebody else.
        string pid = await Commands.RunAsync("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!");
        ProcessStat orphan = ProcessStat.TryRead(int.Parse(pid))!;
        try
        {
            Assert.NotEqual(Environment.ProcessId, orphan.ParentPid);
            Task exit = ProcessExits.WaitAsync(orphan.Pid, orphan.StartTicks, default);
            Assert.False(exit.IsCompleted);
            Pidfd.Signal(orphan.Pid, orphan.StartTicks, Signals.SIGKILL);
            await exit.WaitAsync(Limit);
        }
        finally
        {
            Pidfd.Signal(orphan.Pid, orphan.StartTicks, Signals.SIGKILL);
        }
    }

    [Fact]
    public async Task One_process_can_be_waited_for_by_many_and_many_at_once()
    {
        ProcessStat[] sleepers = [.. Enumerable.Range(0, 30).Select(_ => Start("sleep", "60"))];
        Task[] exits = [.. sleepers.Concat(sleepers).Select(sleeper => ProcessExits.WaitAsync(sleeper.Pid, sleeper.StartTicks, default))];
        Assert.All(exits, exit => Assert.False(exit.IsCompleted));
        foreach (ProcessStat sleeper in sleepers)
        {
            Pidfd.Signal(sleeper.Pid, sleeper.StartTicks, Signals.SIGKILL);
        }

        await Task.WhenAll(exits).WaitAsync(Limit);
    }

    [Fact]
    public void A_process_with_another_start_time_counts_as_gone()
    {
        ProcessStat sleeper = Start("sleep", "60");
        Assert.True(ProcessExits.WaitAsync(sleeper.Pid, sleeper.StartTicks - 1, default).IsCompletedSuccessfully);
        Assert.False(Pidfd.Signal(sleeper.Pid, sleeper.StartTicks - 1, Signals.SIGKILL));
        Assert.False(ProcessExits.WaitAsync(sleeper.Pid, sleeper.StartTicks, default).IsCompleted);
    }

    [Fact]
    public void A_pid_that_nobody_has_counts_as_gone() =>
        Assert.True(ProcessExits.WaitAsync(int.MaxValue, null, default).IsCompletedSuccessfully);

    [Fact]
    public async Task A_cancelled_wait_ends_and_lets_go_of_its_handle()
    {
        ProcessStat sleeper = Start("sleep", "60");
        using var cancellation = new CancellationTokenSource();
        Task exit = ProcessExits.WaitAsync(sleeper.Pid, sleeper.StartTicks, cancellation.Token);
        Assert.Equal(1, HandlesOn(sleeper.Pid));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exit.WaitAsync(Limit));
        Assert.Equal(0, HandlesOn(sleeper.Pid));
    }

    private static int HandlesOn(int pid) => Directory.EnumerateFiles("/proc/self/fdinfo").Count(path =>
    {
        try
        {
            return File.ReadLines(path).Any(line => line == $"Pid:\t{pid}");
        }
        catch (IOException)
        {
            // Another test closed it meanwhile.
            return false;
        }
    });
}
