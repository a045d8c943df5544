using System.Runtime.CompilerServices;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Puts a sign of life between the messages of a stream whenever it was silent for long.</summary>
internal static class KeepAlive
{
    /// <param name="messages">Starts the stream; its token fires when nobody wants more of it.</param>
    /// <param name="sign">Makes a sign of life.</param>
    /// <param name="silence">How long nothing may come.</param>
    public static async IAsyncEnumerable<T> Between<T>(
        Func<CancellationToken, IAsyncEnumerable<T>> messages, Func<T> sign, TimeSpan silence, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        IAsyncEnumerator<T> source = messages(ended.Token).GetAsyncEnumerator(ended.Token);
        Task<bool> next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = source.MoveNextAsync().AsTask();
                while (!await WithinAsync(next, silence, time))
                {
                    yield return sign();
                }

                if (!await next)
                {
                    yield break;
                }

                yield return source.Current;
            }
        }
        finally
        {
            // The enumerator may be disposed of only when it is at rest.
            await ended.CancelAsync();
            await Task.WhenAny(next);
            await source.DisposeAsync();
        }
    }

    /// <summary>Whether a task ended, in whatever way, within a time.</summary>
    private static async ValueTask<bool> WithinAsync(Task task, TimeSpan limit, TimeProvider time)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        using var enough = new CancellationTokenSource();
        Task first = await Task.WhenAny(task, Task.Delay(limit, time, enough.Token));
        await enough.CancelAsync();
        return first == task;
    }
}
