using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Crashes;

/// <summary>Lets clients wait for the server's next start, and the killer wait until all of them have looked at what they own.</summary>
internal sealed class Restarts
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _allLooked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lookers;
    private int _count;

    /// <summary>How often the server was started again.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Tells the clients that the server listens again, and waits until each has looked at its sandboxes or one is broken.</summary>
    public async Task AnnounceAsync(IReadOnlyCollection<Task> clients)
    {
        Task allLooked;
        lock (_lock)
        {
            _lookers = clients.Count;
            _allLooked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            allLooked = _allLooked.Task;
            _count++;
            _next.SetResult();
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await await Task.WhenAny([.. clients, allLooked.WaitAsync(Patience)]);
    }

    /// <summary>A client has looked at all that it owns since the last start.</summary>
    public void Looked()
    {
        lock (_lock)
        {
            if (--_lookers == 0)
            {
                _allLooked.SetResult();
            }
        }
    }

    /// <summary>Returns once the server has been started more often than <paramref name="count"/> times.</summary>
    public Task AfterAsync(int count)
    {
        lock (_lock)
        {
            return _count != count ? Task.CompletedTask : _next.Task.WaitAsync(Patience);
        }
    }
}
