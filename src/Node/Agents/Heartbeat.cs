namespace Atoll.Node.Agents;

/// <summary>
/// Decides when an agent counts as dead while streams are open: three periods without the answer to a ping and without
/// data on an open stream. The pings' numbers are random, so that only an agent that reads can answer.
/// </summary>
internal sealed class Heartbeat
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private const int MaxQuietPeriods = 3;

    private readonly Lock _lock = new();
    private long? _outstanding;
    private int _quietPeriods;

    /// <summary>A period has passed.</summary>
    /// <param name="ping">The number of a ping to send; null while one is outstanding, or nothing is waited for.</param>
    /// <returns>False when the agent is dead.</returns>
    public bool Tick(bool streamsAreOpen, out long? ping)
    {
        lock (_lock)
        {
            ping = null;
            if (!streamsAreOpen)
            {
                _quietPeriods = 0;
                return true;
            }

            if (_outstanding is null)
            {
                _outstanding = ping = Random.Shared.NextInt64();
            }

            return ++_quietPeriods <= MaxQuietPeriods;
        }
    }

    /// <summary>A pong came; one that answers no ping is no sign of life.</summary>
    public void Pong(long number)
    {
        lock (_lock)
        {
            if (number == _outstanding)
            {
                (_outstanding, _quietPeriods) = (null, 0);
            }
        }
    }

    /// <summary>Something came on a stream that is open.</summary>
    public void Data()
    {
        lock (_lock)
        {
            _quietPeriods = 0;
        }
    }
}
