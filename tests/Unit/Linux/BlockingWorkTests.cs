using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Linux;

public sealed class BlockingWorkTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task As_many_as_may_run_at_once_and_none_on_a_thread_of_the_pool()
    {
        var work = new BlockingWork(2);
        using var bothRun = new CountdownEvent(2);
        using var goOn = new ManualResetEventSlim();
        int running = 0, most = 0, pooled = 0;
        Task[] all = [.. Enumerable.Range(0, 6).Select(i => work.RunAsync(() =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            pooled += Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
            if (i < 2)
            {
                bothRun.Signal();
            }

            goOn.Wait(Bound);
            Interlocked.Decrement(ref running);
        }))];

        Assert.True(bothRun.Wait(Bound));
        goOn.Set();
        await Task.WhenAll(all).WaitAsync(Bound);

        Assert.Equal((2, 0), (most, pooled));
    }

    [Fact]
    public async Task What_fails_gives_its_turn_back()
    {
        var work = new BlockingWork(1);

        await Assert.ThrowsAsync<IOException>(() => work.RunAsync(() => throw new IOException("no")));

        Assert.Equal(7, await work.RunAsync(() => 7).WaitAsync(Bound));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
