using System.Runtime.ExceptionServices;

namespace Atoll.Linux;

/// <summary>
/// Runs one action on a thread of its own that ends with it, for what changes the thread itself: namespaces,
/// credentials. Such a thread must never serve anything else.
/// </summary>
public static class DedicatedThread
{
    private const int StackBytes = 256 * 1024;

    /// <summary>Runs and waits; an exception of <paramref name="action"/> is thrown here as it was there.</summary>
    public static T Run<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = Start(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Join();
        failure?.Throw();
        return result;
    }

    public static Task<T> RunAsync<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    private static Thread Start(Action body)
    {
        var thread = new Thread(new ThreadStart(body), StackBytes) { IsBackground = true, Name = "atoll-dedicated" };
        thread.UnsafeStart();
        return thread;
    }
}
