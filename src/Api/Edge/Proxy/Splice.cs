namespace Atoll.Api.Edge.Proxy;

/// <summary>What a spliced connection may do.</summary>
/// <param name="Stalled">How long one write may take.</param>
/// <param name="Idle">How long nothing may go through either way.</param>
internal sealed record SpliceLimits(TimeSpan Stalled, TimeSpan Idle);

/// <summary>
/// Moves bytes both ways between a client and a program, unseen, until both have ended. A program that has ended will not
/// hear any more; a client that has ended may still be answered.
/// </summary>
internal static class Splice
{
    /// <summary>How long a program may still speak when it cannot be told that the client has ended, or listens no more itself.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    /// <param name="tellProgram">Tells the program that the client has said all; null when there is no way to.</param>
    /// <returns>True when the program ended, and all that it said has been written; false when the connection was cut or given up.</returns>
    public static async Task<bool> RunAsync(
        Stream client, Stream program, Func<CancellationToken, ValueTask>? tellProgram, SpliceLimits limits, TimeProvider time,
        CancellationToken cancellation)
    {
        using var idle = new CancellationTokenSource(limits.Idle, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, idle.Token);
        Task up = UpAsync();
        Task down = CopyAsync(program, client);
        Task first = await Task.WhenAny(up, down);
        if (first == down)
        {
            await over.CancelAsync();
        }
        else if (tellProgram is null || !up.IsCompletedSuccessfully)
        {
            // A program that takes no more may just have answered: what it said before is still on its way.
            over.CancelAfter(Farewell);
        }

        await Task.WhenAll(Ended(up), Ended(down));
        return down.IsCompletedSuccessfully;

        async Task UpAsync()
        {
            await CopyAsync(client, program);
            if (tellProgram is not null)
            {
                await tellProgram(over.Token);
            }
        }

        Task CopyAsync(Stream from, Stream to) => ProxyBytes.CopyAsync(
            from, Timeout.InfiniteTimeSpan, to, limits.Stalled, waiting: null, over.Token, moved: () => idle.CancelAfter(limits.Idle));
    }

    // However one direction ended - closed, cut, given up - the other is ended too; there is nobody left to tell.
    private static Task Ended(Task direction) => direction.ContinueWith(
        task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
