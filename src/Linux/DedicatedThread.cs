using System.Runtime.ExceptionServices;

namespace Atoll.Linux;

/// <summary>
/// Runs one action on a thread of its own that ends with it, for what changes the thread itself: namespaces,
/// credentials. Such a thread must never serve anything else, nor start another one:
/// <code>
///   caller --starts--> dedicated thread --result--> notifier thread --completes the task--> pool
/// </code>
/// A thread inherits from the one that starts it, and completing a task may start one for the pool, so another
/// thread does that. For the same reason an action must not start tasks, timers or threads.
/// </summary>
public static class DedicatedThread
{
    private const int StackBytes = 256 * 1024;
    private static readonly Lazy<Notifier> Completions = new(() => new Notifier());

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
        Notifier notifier = Completions.Value;
        Start(() =>
        {
            try
            {
                T result = action();
                notifier.Post(() => done.SetResult(result));
            }
            catch (Exception e)
            {
                notifier.Post(() => done.SetException(e));
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

    /// <summary>Does what is posted, on one thread that was started from an unchanged one.</summary>
    private sealed class Notifier
    {
        private readonly Queue<Action> _posted = new();

        public Notifier() => Start(Serve);

        public void Post(Action completion)
        {
            lock (_posted)
            {
                _posted.Enqueue(completion);
                Monitor.Pulse(_posted);
            }
        }

        private void Serve()
        {
            while (true)
            {
                Action completion;
                lock (_posted)
                {
                    while (_posted.Count == 0)
                    {
                        Monitor.Wait(_posted);
                    }

                    completion = _posted.Dequeue();
                }

                completion();
            }
        }
    }
}
