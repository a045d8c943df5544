using Atoll.Protocol.Messages;

namespace Atoll.Agent.Channels;

/// <summary>The byte streams of one connection, a bounded number, and whose turn it is to send.</summary>
internal sealed class ChannelTable
{
    /// <summary>Byte streams of all kinds that are open at a time on one connection.</summary>
    public const int MaxChannels = 512;

    private readonly Dictionary<uint, ByteChannel> _channels = [];
    private uint _turn;

    /// <exception cref="AgentErrorException">There are too many.</exception>
    public void Add(ByteChannel channel)
    {
        if (_channels.Count >= MaxChannels)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, $"{MaxChannels} byte streams are open on this connection already");
        }

        _channels.Add(channel.Stream, channel);
    }

    /// <summary>The byte stream of a number; null when there is none any more, which is no error: its end may be on the way.</summary>
    public ByteChannel? Find(uint stream) => _channels.GetValueOrDefault(stream);

    /// <summary>How many there are of a kind.</summary>
    public int Count<T>() => _channels.Values.Count(channel => channel is T);

    public void Remove(ByteChannel channel) => _channels.Remove(channel.Stream);

    public void CloseAll()
    {
        foreach (ByteChannel channel in _channels.Values.ToArray())
        {
            channel.Close();
        }
    }

    /// <summary>One frame of each in turn, beginning with another one each time, so that none keeps the others waiting.</summary>
    public void Pump()
    {
        ByteChannel[] channels = [.. _channels.Values];
        bool more = channels.Length > 0;
        while (more)
        {
            more = false;
            for (int i = 0; i < channels.Length; i++)
            {
                more |= channels[_turn++ % channels.Length].PumpOnce();
            }
        }
    }
}
