using System.Runtime.CompilerServices;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Api.DataPlane.Processes;
using Atoll.Domain.Processes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ProcessStreamTests
{
    private static readonly ProcessEvent Ended = new ProcessEvent.Exited(new ProcessExit(0, 0));

    [Fact]
    public async Task Output_that_was_not_read_in_time_is_an_error_and_not_a_silent_hole()
    {
        ProcessEvent[] events = [Output("a", 0), new ProcessEvent.Dropped(1, 100), Output("b", 100), Ended];

        ConnectException lost = await Assert.ThrowsAsync<ConnectException>(() => FollowAsync(events, fromStart: true));

        Assert.Equal(ConnectCode.DataLoss, lost.Code);
    }

    [Fact]
    public async Task What_was_gone_before_somebody_joined_is_no_error()
    {
        List<ProcessHappening> seen = await FollowAsync([new ProcessEvent.Dropped(0, 100), Output("b", 100), Ended], fromStart: false);

        Assert.Equal(3, seen.Count);
        Assert.Equal("b", seen[1].Data.Stdout.ToStringUtf8());
    }

    [Fact]
    public async Task An_end_that_does_not_come_is_an_error() =>
        Assert.Equal(
            ConnectCode.Unavailable,
            (await Assert.ThrowsAsync<ConnectException>(() => FollowAsync([Output("a", 0)], fromStart: true))).Code);

    [Theory]
    [InlineData(0, 0, "exit status 0", 0, true)]
    [InlineData(137, 0, "exit status 137", 137, true)]
    [InlineData(137, 9, "signal: killed", -1, false)]
    [InlineData(143, 15, "signal: terminated", -1, false)]
    [InlineData(139, 11, "signal: segmentation fault", -1, false)]
    [InlineData(162, 34, "signal: signal 34", -1, false)]
    public void An_exit_is_told_as_Go_tells_it(int code, int signal, string status, int told, bool exited)
    {
        ProcessHappening.Types.End end = ProcessExits.Of(new ProcessExit(code, signal));

        Assert.Equal((status, told, exited), (end.Status, end.ExitCode, end.Exited));
        Assert.Equal(code == 0 ? "" : status, end.Error);
    }

    [Fact]
    public async Task Signs_of_life_come_in_silence_only_and_the_source_is_disposed_of_at_rest()
    {
        var time = new FakeTime();
        var more = new TaskCompletionSource();
        bool disposed = false;
        var silence = TimeSpan.FromSeconds(90);
        await using IAsyncEnumerator<int> stream =
            KeepAlive.Between(Source, () => -1, silence, time, CancellationToken.None).GetAsyncEnumerator();

        Assert.True(await stream.MoveNextAsync());
        Assert.Equal(1, stream.Current);
        foreach (int _ in Enumerable.Range(0, 2))
        {
            ValueTask<bool> sign = stream.MoveNextAsync();
            await time.TimerAsync(silence);
            time.Advance(silence);
            Assert.True(await sign);
            Assert.Equal(-1, stream.Current);
        }

        more.SetResult();
        Assert.True(await stream.MoveNextAsync());
        Assert.Equal(2, stream.Current);
        await stream.DisposeAsync();
        Assert.True(disposed);

        async IAsyncEnumerable<int> Source([EnumeratorCancellation] CancellationToken ended)
        {
            try
            {
                yield return 1;
                await more.Task;
                yield return 2;
                await Task.Delay(Timeout.Infinite, ended);
            }
            finally
            {
                disposed = true;
            }
        }
    }

    private static async Task<List<ProcessHappening>> FollowAsync(IEnumerable<ProcessEvent> events, bool fromStart)
    {
        List<ProcessHappening> seen = [];
        await foreach (ProcessStreamResponse message in ProcessStreams.FollowAsync(events.ToAsyncEnumerable(), 7, fromStart, _ => null))
        {
            seen.Add(message.Event);
        }

        return seen;
    }

    private static ProcessEvent Output(string text, long sequence) =>
        new ProcessEvent.Output(OutputStream.StandardOutput, sequence, System.Text.Encoding.UTF8.GetBytes(text));
}
