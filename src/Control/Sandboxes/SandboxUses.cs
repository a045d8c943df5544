using System.Collections.Concurrent;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Who uses the sandboxes that are paused when nobody does: how many uses are open and when the last one ended. Kept in
/// memory, so that counting begins anew with the server. Begin and end are two atomic operations and a look at the clock.
/// </summary>
internal sealed class SandboxUses(TimeProvider time)
{
    private readonly ConcurrentDictionary<SandboxId, Counter> _counters = new();

    /// <summary>Counts the uses of a sandbox from now on.</summary>
    public void Follow(SandboxId id) => _counters.TryAdd(id, new Counter(time));

    public void Forget(SandboxId id) => _counters.TryRemove(id, out _);

    /// <summary>Counts from now: it has just begun to run.</summary>
    public void Touch(SandboxId id)
    {
        if (_counters.TryGetValue(id, out Counter? counter))
        {
            counter.Touch();
        }
    }

    /// <summary>A use that ends when it is disposed; of a sandbox that nobody counts for it is nothing.</summary>
    public IDisposable Begin(SandboxId id) => _counters.TryGetValue(id, out Counter? counter) ? new Use(counter) : NoUse.Instance;

    public bool IsUsed(SandboxId id) => _counters.TryGetValue(id, out Counter? counter) && counter.IsOpen;

    /// <summary>When nobody will have used it for so long, if nobody does from now on.</summary>
    public DateTimeOffset IdleAt(SandboxId id, TimeSpan idle) =>
        (_counters.TryGetValue(id, out Counter? counter) ? counter.LastUse : time.GetUtcNow()) + idle;

    private sealed class Counter(TimeProvider time)
    {
        private int _open;
        private long _last = time.GetUtcNow().UtcTicks;

        public bool IsOpen => Volatile.Read(ref _open) > 0;

        public DateTimeOffset LastUse => IsOpen ? time.GetUtcNow() : new DateTimeOffset(Volatile.Read(ref _last), TimeSpan.Zero);

        public void Touch() => Volatile.Write(ref _last, time.GetUtcNow().UtcTicks);

        public void Open() => Interlocked.Increment(ref _open);

        // The moment before the count: who sees no open use sees when the last one ended.
        public void Close()
        {
            Touch();
            Interlocked.Decrement(ref _open);
        }
    }

    private sealed class Use : IDisposable
    {
        private Counter? _counter;

        public Use(Counter counter)
        {
            counter.Open();
            _counter = counter;
        }

        public void Dispose() => Interlocked.Exchange(ref _counter, null)?.Close();
    }

    private sealed class NoUse : IDisposable
    {
        public static readonly NoUse Instance = new();

        public void Dispose()
        {
        }
    }
}
