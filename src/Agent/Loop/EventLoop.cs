using Atoll.Linux;

namespace Atoll.Agent.Loop;

/// <summary>A moment at which something is to be done, until it is cancelled.</summary>
internal sealed class LoopTimer(long due, long number, Action action) : IComparable<LoopTimer>
{
    public long Due { get; } = due;

    public Action Action { get; } = action;

    private long Number { get; } = number;

    public int CompareTo(LoopTimer? other) =>
        Due != other!.Due ? Due.CompareTo(other.Due) : Number.CompareTo(other.Number);
}

/// <summary>The one thread that does all of the agent's work: waits for descriptors and moments, and calls what was asked for.</summary>
internal sealed class EventLoop(TimeProvider time)
{
    private readonly Epoll _epoll = new(maxEvents: 64);
    private readonly Dictionary<int, Action<EpollEvents>> _handlers = [];
    private readonly SortedSet<LoopTimer> _timers = [];
    private readonly long _origin = time.GetTimestamp();
    private long _timerNumber;
    private long _missed;
    private long? _held;

    /// <summary>Milliseconds since the loop was made, without those between <see cref="Hold"/> and <see cref="Continue"/>; never goes back.</summary>
    public long Now => _held ?? Elapsed - _missed;

    public DateTimeOffset WallClock => time.GetUtcNow();

    private long Elapsed => (long)time.GetElapsedTime(_origin).TotalMilliseconds;

    /// <summary>Time stands still for timers. Where the sandbox is restored the kernel's own clock has gone on meanwhile.</summary>
    public void Hold() => _held = Now;

    /// <summary>Time passes again; no matter if it did.</summary>
    public void Continue()
    {
        if (_held is { } held)
        {
            _missed = Elapsed - held;
            _held = null;
        }
    }

    public void Add(Descriptor descriptor, EpollEvents events, Action<EpollEvents> handler)
    {
        _handlers[descriptor.Number] = handler;
        _epoll.Add(descriptor, events);
    }

    public void Change(Descriptor descriptor, EpollEvents events) => _epoll.Change(descriptor, events);

    public void Remove(Descriptor descriptor)
    {
        if (_handlers.Remove(descriptor.Number))
        {
            _epoll.Remove(descriptor);
        }
    }

    public LoopTimer At(long due, Action action)
    {
        var timer = new LoopTimer(due, _timerNumber++, action);
        _timers.Add(timer);
        return timer;
    }

    public void Cancel(LoopTimer? timer)
    {
        if (timer is not null)
        {
            _timers.Remove(timer);
        }
    }

    public void Run()
    {
        while (true)
        {
            int count = _epoll.Wait(UntilNextTimer());
            for (int i = 0; i < count; i++)
            {
                (int descriptor, EpollEvents events) = _epoll[i];

                // Absent when an earlier event of this round closed it. One that was closed and opened anew in the
                // same round sees a stale event, which is harmless: nothing here blocks.
                if (_handlers.TryGetValue(descriptor, out Action<EpollEvents>? handler))
                {
                    handler(events);
                }
            }

            RunTimers();
        }
    }

    private int UntilNextTimer() =>
        _held is null && _timers.Min is { } next ? (int)Math.Clamp(next.Due - Now, 0, int.MaxValue) : -1;

    private void RunTimers()
    {
        long now = Now;
        while (_timers.Min is { } next && next.Due <= now)
        {
            _timers.Remove(next);
            next.Action();
        }
    }
}
