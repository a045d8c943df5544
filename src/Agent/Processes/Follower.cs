using Atoll.Agent.Connections;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>One stream that follows a process's output: where it is, and how much it may still be sent.</summary>
internal sealed class Follower(GuestProcess process, Connection connection, uint stream, long fromSequence, long credit, FollowerProgress progress)
{
    private long _sequence = fromSequence;
    private RingCursor _cursor = process.Ring.At(fromSequence);
    private long _credit = credit;

    public GuestProcess Process { get; } = process;

    public Connection Connection { get; } = connection;

    public uint Stream { get; } = stream;

    public FollowerProgress Progress { get; } = progress;

    /// <summary>The number of the next byte to send.</summary>
    public long Sequence => _sequence;

    /// <summary>Adds credit; more than a window's worth is of no use and is cut off.</summary>
    public void AddCredit(uint amount) => _credit = Math.Min(_credit + amount, uint.MaxValue);

    /// <summary>Sends what there is, as far as credit and the socket go.</summary>
    /// <returns>True when the follower has everything up to the end of the process and has been told so.</returns>
    public bool Pump()
    {
        OutputRing ring = Process.Ring;
        while (Connection.TakesOutput)
        {
            if (_sequence < ring.First)
            {
                if (!TrySkip(ring))
                {
                    return false;
                }

                continue;
            }

            if (_sequence == ring.Next)
            {
                return Process.Ended is { } exit && SendExit(exit);
            }

            int max = (int)Math.Min(ProtocolLimits.MaxOutput, _credit - ProtocolLimits.FrameCost);
            if (max <= 0 || !ring.TryPeek(ref _cursor, max, out OutputKind kind, out ReadOnlySpan<byte> data))
            {
                return false;
            }

            Connection.Write(Stream, new Output(kind, _sequence, data));
            _credit -= data.Length + ProtocolLimits.FrameCost;
            _cursor = OutputRing.Advance(_cursor, data.Length);
            _sequence += data.Length;
        }

        return false;
    }

    private bool TrySkip(OutputRing ring)
    {
        if (_credit < ProtocolLimits.FrameCost)
        {
            return false;
        }

        Connection.Write(Stream, new Dropped(_sequence, ring.First));
        _credit -= ProtocolLimits.FrameCost;
        _sequence = ring.First;
        _cursor = ring.At(_sequence);
        return true;
    }

    private bool SendExit(Exited exit)
    {
        Connection.Write(Stream, exit);
        return true;
    }
}
