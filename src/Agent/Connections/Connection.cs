using Atoll.Agent.Channels;
using Atoll.Agent.Loop;
using Atoll.Agent.Processes;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Connections;

/// <summary>Writes bytes to where it is told.</summary>
/// <returns>How many; 0 for none now; -1 at the end.</returns>
internal delegate int ByteProducer(Span<byte> into);

/// <summary>
/// One dialler: nobody until its hello is accepted, then the host. Holds a bounded amount of memory whatever it sends
/// and however slowly it reads.
/// </summary>
internal sealed class Connection
{
    /// <summary>How long a dialler may stay unknown, in milliseconds.</summary>
    public const long HelloTime = 5000;

    public const int MaxFollowers = 256;

    /// <summary>Bytes of memory kept for writing when there is nothing to write.</summary>
    private const int IdleBuffer = 4 * 1024;

    /// <summary>Bytes of unsent replies above which no more requests are taken.</summary>
    private const int Backlog = 128 * 1024;

    private readonly EventLoop _loop;
    private readonly Descriptor _socket;
    private readonly RequestHandler _handler;
    private readonly Action<Connection> _onClosed;
    private readonly MessageReader _reader = new(ProtocolLimits.MaxHello);
    private readonly MessageWriter _writer = new();
    private readonly Dictionary<uint, Follower> _followers = [];
    private readonly Dictionary<uint, LateReply> _late = [];
    private readonly LoopTimer _helloTimer;
    private EpollEvents _watched = EpollEvents.EPOLLIN;

    /// <summary>The socket would take no more, and who waits for room has not been told yet that there is some.</summary>
    private bool _blocked;

    private bool _closed;

    public Connection(EventLoop loop, Descriptor socket, RequestHandler handler, Action<Connection> onClosed)
    {
        (_loop, _socket, _handler, _onClosed) = (loop, socket, handler, onClosed);
        _helloTimer = loop.At(loop.Now + HelloTime, Close);
        loop.Add(socket, _watched, OnEvents);
    }

    /// <summary>True once the dialler has shown the secret.</summary>
    public bool IsAuthenticated { get; private set; }

    /// <summary>The byte streams that are open.</summary>
    public ChannelTable Channels { get; } = new();

    /// <summary>Whether output may be written now: all before it has been sent.</summary>
    public bool TakesOutput => !_closed && _writer.IsEmpty;

    public void Accept()
    {
        IsAuthenticated = true;
        _reader.MaxMessage = ProtocolLimits.MaxMessage;
        _loop.Cancel(_helloTimer);
    }

    /// <summary>Writes any message and sends what the socket takes.</summary>
    public void Write(Action<MessageWriter> message)
    {
        message(_writer);
        Flush();
    }

    public void Write(uint stream, Output output)
    {
        output.Write(_writer, stream);
        Flush();
    }

    public void Write(uint stream, Dropped dropped)
    {
        dropped.Write(_writer, stream);
        Flush();
    }

    public void Write(uint stream, Exited exited)
    {
        exited.Write(_writer, stream);
        Flush();
    }

    /// <summary>Produces data straight into what is to be sent, and sends it.</summary>
    /// <returns>What <paramref name="produce"/> said: bytes; nothing is sent for 0 or less.</returns>
    public int WriteData(uint stream, int max, ByteProducer produce)
    {
        _writer.Begin(MessageType.Data, stream);
        int count = 0;
        try
        {
            count = produce(_writer.Reserve(max));
        }
        finally
        {
            if (count > 0)
            {
                _writer.Unreserve(max - count);
                _writer.End();
            }
            else
            {
                _writer.Abandon();
            }
        }

        Flush();
        return count;
    }

    /// <exception cref="ProtocolException">The host uses the number of a stream that is open.</exception>
    public void RequireUnused(uint stream)
    {
        if (_followers.ContainsKey(stream) || _late.ContainsKey(stream) || Channels.Find(stream) is not null)
        {
            throw new ProtocolException($"stream {stream} is in use");
        }
    }

    public void Follow(GuestProcess process, uint stream, Attach request)
    {
        if (_followers.Count >= MaxFollowers)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, $"{MaxFollowers} streams are open on this connection already");
        }

        RequireUnused(stream);

        if (request.FromSequence > process.Ring.Next)
        {
            throw new AgentErrorException(
                AgentErrorCode.InvalidArgument, $"process {request.Pid} has written {process.Ring.Next} bytes, not {request.FromSequence}");
        }

        Follower follower = process.Attach(this, stream, request);
        _followers[stream] = follower;
        process.Pump(follower);
    }

    /// <summary>The follower of a stream; null when there is none any more, which is no error: its end may be on the way.</summary>
    public Follower? Follower(uint stream) => _followers.GetValueOrDefault(stream);

    /// <summary>Leaves the answer to a request for later.</summary>
    public LateReply Later(uint stream, Action cancelled)
    {
        RequireUnused(stream);
        return _late[stream] = new LateReply(this, stream, cancelled);
    }

    /// <summary>Gives up what is still to be answered on a stream, if anything is.</summary>
    public void Cancel(uint stream)
    {
        if (_late.Remove(stream, out LateReply? reply))
        {
            reply.Cancelled();
        }
    }

    public void Forget(LateReply reply) => _late.Remove(reply.Stream);

    public void Forget(Follower follower) => _followers.Remove(follower.Stream);

    public void Close()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _loop.Cancel(_helloTimer);
        _loop.Remove(_socket);
        _socket.Dispose();
        foreach (Follower follower in _followers.Values.ToArray())
        {
            follower.Process.Detach(follower);
        }

        _followers.Clear();
        foreach (uint stream in _late.Keys.ToArray())
        {
            Cancel(stream);
        }

        Channels.CloseAll();
        _onClosed(this);
    }

    private void OnEvents(EpollEvents events)
    {
        try
        {
            if (events.HasFlag(EpollEvents.EPOLLOUT))
            {
                OnWritable();
            }

            if (!_closed && (events & (EpollEvents.EPOLLIN | EpollEvents.EPOLLHUP | EpollEvents.EPOLLERR)) != 0)
            {
                OnReadable();
            }
        }
        catch (Exception e)
        {
            // Out of memory, or a mistake of ours: it costs this connection, which the host makes anew, and not the sandbox.
            DescriptorCalls.Print(2, $"a connection was given up: {e}\n");
            Close();
        }
    }

    private void OnReadable()
    {
        Memory<byte> buffer;
        try
        {
            buffer = _reader.GetBuffer();
        }
        catch (ProtocolException e)
        {
            Refuse(e);
            return;
        }

        if (buffer.IsEmpty)
        {
            return;
        }

        int count = TcpSockets.Receive(_socket, buffer.Span);
        if (count < 0)
        {
            Close();
            return;
        }

        _reader.Advance(count);
        HandleMessages();
    }

    private void HandleMessages()
    {
        try
        {
            while (!_closed && _writer.Length - _writer.Consumed < Backlog && _reader.TryRead(out Message message))
            {
                _handler.Handle(this, message);
            }
        }
        catch (ProtocolException e)
        {
            Refuse(e);
        }

        Watch();
    }

    private void Refuse(ProtocolException cause)
    {
        if (!_closed)
        {
            Write(writer => new Error(AgentErrorCode.Protocol, cause.Message).Write(writer, 0));
            Close();
        }
    }

    private void OnWritable()
    {
        Flush();
        if (_closed || !_writer.IsEmpty)
        {
            return;
        }

        _blocked = false;
        foreach (Follower follower in _followers.Values.ToArray())
        {
            follower.Process.Pump(follower);
        }

        Channels.Pump();

        HandleMessages();
    }

    private void Flush()
    {
        while (!_closed && !_writer.IsEmpty)
        {
            int sent = TcpSockets.Send(_socket, _writer.Written.Span);
            if (sent < 0)
            {
                // Not closed here: a caller may be in the middle of its followers. The socket reports the end to the loop.
                _writer.Consume(_writer.Length - _writer.Consumed);
                break;
            }

            if (sent == 0)
            {
                _blocked = true;
                break;
            }

            _writer.Consume(sent);
        }

        _writer.Trim(IdleBuffer);

        Watch();
    }

    private void Watch()
    {
        if (_closed)
        {
            return;
        }

        int unsent = _writer.Length - _writer.Consumed;
        EpollEvents wanted = (unsent < Backlog ? EpollEvents.EPOLLIN : EpollEvents.None)
            | (_blocked ? EpollEvents.EPOLLOUT : EpollEvents.None);
        if (wanted != _watched)
        {
            _watched = wanted;
            _loop.Change(_socket, wanted);
        }
    }
}
