using Atoll.Agent.Connections;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Channels;

/// <summary>
/// The agent's end of a byte stream: bytes for the host as far as its credit goes, bytes from the host as far as
/// the credit that was given. What produces and takes the bytes derives from it. Everything happens on the loop's thread
/// and nothing waits.
/// </summary>
/// <param name="credit">Bytes that may be sent to the host at first.</param>
/// <param name="window">Bytes that the host may send at first; the largest amount that is ever in flight.</param>
internal abstract class ByteChannel(Connection connection, uint stream, uint credit, int window)
{
    private readonly ByteCredit _credit = new(credit);
    private readonly ByteCredit _window = new(window);
    private int _owed;
    private bool _endSent;
    private bool _endTaken;
    private bool _released;

    public uint Stream { get; } = stream;

    /// <summary>Produces bytes for the host. Must not write to the connection.</summary>
    /// <param name="into">1 to 65536 bytes of room.</param>
    /// <returns>How many; 0 when there are none now and <see cref="Pump"/> is called when there are; -1 at the end.</returns>
    /// <exception cref="AgentErrorException">Sent to the host instead; the stream is over.</exception>
    protected virtual int Produce(Span<byte> into) => -1;

    /// <summary>Takes bytes from the host; <see cref="Consumed"/> is called once they need no room any more.</summary>
    /// <exception cref="AgentErrorException">Sent to the host; the stream is over.</exception>
    protected virtual void Take(ReadOnlySpan<byte> data) => throw new ProtocolException($"stream {Stream} takes no data");

    /// <summary>The host has sent its last byte.</summary>
    /// <exception cref="AgentErrorException">Sent to the host; the stream is over.</exception>
    protected virtual void TakeEnd() => throw new ProtocolException($"stream {Stream} takes no data");

    /// <summary>Sending has come to a stop: there is nothing now, no credit, or no room in the socket of the host.</summary>
    protected virtual void Paused()
    {
    }

    /// <summary>Called once, however the stream ended: give everything back that belongs to it.</summary>
    protected abstract void Release();

    /// <summary>True once it has ended, however.</summary>
    protected bool IsClosed => _released;

    /// <summary>True once both directions have ended: the stream is over without another message.</summary>
    protected virtual bool IsOver => _endSent && _endTaken;

    /// <summary>A message of the host on this stream: data, the end of it, or more credit.</summary>
    /// <exception cref="ProtocolException">The host broke the contract.</exception>
    public void Receive(Message message)
    {
        try
        {
            switch (message.Type)
            {
                case MessageType.Data:
                    ReceiveData(Data.Read(message.Payload));
                    break;
                case MessageType.EndOfData:
                    Bare.Read(message.Payload);
                    ReceiveEnd();
                    break;
                default:
                    _credit.Add(Window.Read(message.Payload).Amount);
                    Pump();
                    break;
            }
        }
        catch (AgentErrorException e)
        {
            Fail(e);
        }
    }

    /// <summary>Sends what there is, as far as the credit and the socket go.</summary>
    public void Pump()
    {
        while (PumpOnce())
        {
        }
    }

    /// <summary>Sends one frame, if there is something, credit, and room in the socket.</summary>
    /// <returns>True when there may be more to send now.</returns>
    public bool PumpOnce()
    {
        try
        {
            if (!_released && !_endSent && connection.TakesOutput && _credit.Left > 0 && SendFrame())
            {
                return true;
            }
        }
        catch (AgentErrorException e)
        {
            Fail(e);
        }

        Paused();
        return false;
    }

    /// <summary>Ends the stream: the connection is gone, the host has lost interest, or there is nothing more to say.</summary>
    public void Close()
    {
        if (!_released)
        {
            _released = true;
            connection.Channels.Remove(this);
            Release();
        }
    }

    /// <summary>Bytes that the host sent need no room any more. More credit goes to it, a quarter of a window at a time.</summary>
    protected void Consumed(int count)
    {
        _owed += count;
        if (_owed >= window / 4 && !_endTaken && !_released)
        {
            var more = new Window((uint)_owed);
            _window.Add(more.Amount);
            _owed = 0;
            connection.Write(writer => more.Write(writer, Stream));
        }
    }

    /// <summary>Answers with the stream's last message and ends it.</summary>
    protected void Finish(Action<MessageWriter, uint> reply)
    {
        if (!_released)
        {
            Close();
            connection.Write(writer => reply(writer, Stream));
        }
    }

    protected void Fail(AgentErrorException cause) => Finish(new Error(cause.Code, cause.Message).Write);

    private void ReceiveData(ReadOnlySpan<byte> data)
    {
        if (_endTaken)
        {
            throw new ProtocolException($"data after its end on stream {Stream}");
        }

        _window.Spend(data.Length);
        Take(data);
    }

    private void ReceiveEnd()
    {
        if (_endTaken)
        {
            throw new ProtocolException($"a second end of data on stream {Stream}");
        }

        _endTaken = true;
        TakeEnd();
        CloseIfOver();
    }

    private bool SendFrame()
    {
        int count = connection.WriteData(Stream, (int)Math.Min(ProtocolLimits.MaxPayload, _credit.Left), Produce);
        if (count < 0)
        {
            _endSent = true;
            connection.Write(writer => Bare.Write(writer, MessageType.EndOfData, Stream));
            CloseIfOver();
            return false;
        }

        _credit.Spend(count);
        return count > 0;
    }

    /// <summary>Ends the stream when <see cref="IsOver"/>.</summary>
    protected void CloseIfOver()
    {
        if (IsOver)
        {
            Close();
        }
    }
}
