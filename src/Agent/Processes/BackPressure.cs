namespace Atoll.Agent.Processes;

/// <summary>How far one follower has come, as <see cref="BackPressure"/> sees it.</summary>
internal sealed class FollowerProgress
{
    /// <summary>All bytes before this number have been consumed, or are gone.</summary>
    public long ConsumedTo { get; set; }

    /// <summary>When it last consumed or when there was last nothing for it to consume; milliseconds.</summary>
    public long LastProgress { get; set; }
}

/// <summary>
/// Decides which output may be dropped when a ring is full. Pure: time is passed in, in milliseconds.
/// <code>
///   some follower made progress in the last 5 s    -> what the slowest of those has not consumed is kept
///   none did, but the process did (start, attach,  -> what nobody has consumed yet is kept
///     consumption) in the last 5 s
///   otherwise                                      -> anything may go
/// </code>
/// While what must be kept fills the ring, the process's pipes are not read, which stops the process.
/// </summary>
internal sealed class BackPressure(long now)
{
    /// <summary>How long unread output may hold a process back, in milliseconds.</summary>
    public const long Patience = 5000;

    public const long Anything = long.MaxValue;

    private readonly List<FollowerProgress> _followers = [];
    private long _lastProgress = now;
    private long _consumed;

    public FollowerProgress Attach(long fromSequence, long now)
    {
        var follower = new FollowerProgress { ConsumedTo = fromSequence, LastProgress = now };
        _followers.Add(follower);
        _lastProgress = now;
        return follower;
    }

    public void Detach(FollowerProgress follower) => _followers.Remove(follower);

    public void Consume(FollowerProgress follower, long consumedTo, long now)
    {
        if (consumedTo > follower.ConsumedTo)
        {
            follower.ConsumedTo = consumedTo;
            follower.LastProgress = _lastProgress = now;
            _consumed = Math.Max(_consumed, consumedTo);
        }
    }

    /// <summary>Output is about to be appended: a follower that has all before it starts to owe progress only now.</summary>
    public void Append(long sequence, long now)
    {
        foreach (FollowerProgress follower in _followers)
        {
            if (follower.ConsumedTo >= sequence)
            {
                follower.LastProgress = now;
            }
        }
    }

    /// <summary>Bytes before this number may be dropped.</summary>
    public long Floor(long now)
    {
        long floor = Anything;
        foreach (FollowerProgress follower in _followers)
        {
            if (now - follower.LastProgress < Patience)
            {
                floor = Math.Min(floor, follower.ConsumedTo);
            }
        }

        return floor == Anything && now - _lastProgress < Patience ? _consumed : floor;
    }

    /// <summary>When <see cref="Floor"/> may rise by the passing of time alone; null when it is as high as can be.</summary>
    public long? NextChange(long now)
    {
        long? next = null;
        foreach (FollowerProgress follower in _followers)
        {
            if (now - follower.LastProgress < Patience)
            {
                next = Math.Min(next ?? long.MaxValue, follower.LastProgress + Patience);
            }
        }

        return next ?? (now - _lastProgress < Patience ? _lastProgress + Patience : null);
    }
}
