using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// One timer for the timeouts of all sandboxes: at most one moment a sandbox, reported no earlier than it and at
/// most one tick late.
/// <code>
///   slot = (due / tick) mod 512        [ ][a][ ][b c][ ] ... [ ]
///                                           ^ hand: every tick it empties the slots it passes of what is due;
///                                             what is due in a later round stays
/// </code>
/// </summary>
internal sealed class TimerWheel(TimeProvider time, Action<SandboxId> due) : IDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private const int SlotCount = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<SandboxId, long> _ticks = [];
    private readonly HashSet<SandboxId>[] _slots = [.. Enumerable.Range(0, SlotCount).Select(_ => new HashSet<SandboxId>())];
    private ITimer? _timer;
    private long _hand = time.GetUtcNow().ToUnixTimeMilliseconds() / (long)Tick.TotalMilliseconds;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _ticks.Count;
            }
        }
    }

    /// <summary>Nothing is reported before this.</summary>
    public void Start()
    {
        lock (_lock)
        {
            _timer ??= time.CreateTimer(_ => Turn(), null, Tick, Tick);
        }
    }

    /// <summary>Sets the moment of a sandbox in place of the one it had. One in the past is reported at the next tick.</summary>
    public void Schedule(SandboxId id, DateTimeOffset moment)
    {
        long tick = (moment.ToUnixTimeMilliseconds() + (long)Tick.TotalMilliseconds - 1) / (long)Tick.TotalMilliseconds;
        lock (_lock)
        {
            Remove(id);
            tick = Math.Max(tick, _hand + 1);
            _ticks[id] = tick;
            Slot(tick).Add(id);
        }
    }

    public void Cancel(SandboxId id)
    {
        lock (_lock)
        {
            Remove(id);
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Turn()
    {
        List<SandboxId> reached = [];
        lock (_lock)
        {
            long now = Passed();
            // After a long stall one full round sees every slot.
            for (long tick = Math.Max(_hand + 1, now - SlotCount + 1); tick <= now; tick++)
            {
                reached.AddRange(Slot(tick).Where(id => _ticks[id] <= now));
            }

            _hand = Math.Max(_hand, now);
            reached.ForEach(Remove);
        }

        reached.ForEach(due);
    }

    private long Passed() => time.GetUtcNow().ToUnixTimeMilliseconds() / (long)Tick.TotalMilliseconds;

    private HashSet<SandboxId> Slot(long tick) => _slots[tick % SlotCount];

    private void Remove(SandboxId id)
    {
        if (_ticks.Remove(id, out long tick))
        {
            Slot(tick).Remove(id);
        }
    }
}
