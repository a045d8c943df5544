using Atoll.Agent.Channels;
using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Tunnels;

/// <summary>
/// One connection to a program on the sandbox's loopback address, spliced to a byte stream. Each direction ends by
/// itself; what neither side takes is held in no more than a window each way.
/// </summary>
internal sealed class Tunnel(EventLoop loop, Connection connection, uint stream, OpenTunnel request)
    : ByteChannel(connection, stream, request.Credit, Window)
{
    /// <summary>Bytes from the host that wait for the program at most.</summary>
    private const int Window = 256 * 1024;

    /// <summary>How long a program may take to accept, in milliseconds.</summary>
    private const long ConnectTime = 10_000;

    private readonly Connection _connection = connection;
    private readonly PendingBytes _pending = new();
    private Descriptor? _socket;
    private LoopTimer? _connectTimer;
    private EpollEvents _watched;
    private bool _overIPv6;
    private bool _drained;
    private bool _finPending;
    private bool _finSent;

    public static AgentErrorException Refused(int port) =>
        new(AgentErrorCode.NothingListens, $"nothing listens on port {port} of the sandbox");

    /// <summary>Begins to connect; the host is answered when that is decided.</summary>
    public void Connect()
    {
        _connectTimer = loop.At(loop.Now + ConnectTime, () => Fail(Refused(request.Port)));
        Dial();
    }

    protected override int Produce(Span<byte> into)
    {
        if (_connectTimer is not null)
        {
            return 0;
        }

        try
        {
            int count = DescriptorCalls.Read(_socket!, into);
            _drained = count < 0;
            return count switch { 0 => -1, < 0 => 0, _ => count };
        }
        catch (SyscallException e)
        {
            throw Lost(e.Error);
        }
    }

    protected override void Take(ReadOnlySpan<byte> data)
    {
        RequireConnected();
        int sent = _pending.IsEmpty ? Send(data) : 0;
        if (sent < data.Length)
        {
            _pending.Add(data[sent..]);
            Watch();
        }

        Consumed(sent);
    }

    protected override void TakeEnd()
    {
        RequireConnected();
        _finPending = true;
        EndWhenSent();
    }

    protected override bool IsOver => base.IsOver && _finSent;

    protected override void Release()
    {
        loop.Cancel(_connectTimer);
        if (_socket is not null && !_pending.IsEmpty)
        {
            TcpSockets.ResetOnClose(_socket);
        }

        CloseSocket();
        _pending.Clear();
    }

    private void RequireConnected()
    {
        if (_connectTimer is not null)
        {
            throw new ProtocolException($"data on tunnel {Stream} before it was opened");
        }
    }

    private void Dial()
    {
        while (true)
        {
            try
            {
                _socket = TcpSockets.ConnectToLoopback(request.Port, _overIPv6);
            }
            catch (SyscallException e)
            {
                // Also when the loop calls this, where nobody would catch it.
                Fail(new AgentErrorException(AgentErrorCode.TooMany, $"the sandbox has no room for another connection ({e.Error})"));
                return;
            }

            if (_socket is not null)
            {
                Watch(EpollEvents.EPOLLOUT);
                return;
            }

            if (_overIPv6)
            {
                Fail(Refused(request.Port));
                return;
            }

            _overIPv6 = true;
        }
    }

    private void OnEvents(EpollEvents events)
    {
        if (_connectTimer is not null)
        {
            OnConnected();
            return;
        }

        try
        {
            if ((events & ~EpollEvents.EPOLLIN) != 0 && !_pending.IsEmpty)
            {
                SendPending();
            }
        }
        catch (AgentErrorException e)
        {
            Fail(e);
            return;
        }

        if (!IsClosed && (events & ~EpollEvents.EPOLLOUT) != 0)
        {
            _drained = false;
            Pump();
        }
        else
        {
            Watch();
        }
    }

    private void OnConnected()
    {
        if (TcpSockets.ErrorOf(_socket!) != Errno.None)
        {
            CloseSocket();
            if (_overIPv6)
            {
                Fail(Refused(request.Port));
                return;
            }

            _overIPv6 = true;
            Dial();
            return;
        }

        loop.Cancel(_connectTimer);
        _connectTimer = null;
        _connection.Write(writer => new TunnelOpened(Window).Write(writer, Stream));
        Pump();
    }

    private void SendPending()
    {
        int sent = Send(_pending.Bytes);
        _pending.Remove(sent);
        Consumed(sent);
        EndWhenSent();
    }

    private void EndWhenSent()
    {
        if (_finPending && !_finSent && _pending.IsEmpty)
        {
            _finSent = true;
            TcpSockets.EndSending(_socket!);
            CloseIfOver();
        }
    }

    private int Send(ReadOnlySpan<byte> data)
    {
        int sent = TcpSockets.Send(_socket!, data);
        return sent >= 0 ? sent : throw Lost(SyscallException.LastError);
    }

    private AgentErrorException Lost(Errno error) =>
        new(AgentErrorCode.ConnectionLost, $"the program on port {request.Port} closed the connection: {error}");

    protected override void Paused() => Watch();

    // For reading once the program had nothing to say; while the host takes no more, its words stay in the kernel.
    private void Watch()
    {
        if (!IsClosed && _connectTimer is null)
        {
            Watch((_drained ? EpollEvents.EPOLLIN : EpollEvents.None) | (_pending.IsEmpty ? EpollEvents.None : EpollEvents.EPOLLOUT));
        }
    }

    private void Watch(EpollEvents wanted)
    {
        if (wanted == _watched)
        {
            return;
        }

        // Not watched for nothing: the kernel tells of hang-ups unasked, again and again.
        if (wanted == EpollEvents.None)
        {
            loop.Remove(_socket!);
        }
        else if (_watched == EpollEvents.None)
        {
            loop.Add(_socket!, wanted, OnEvents);
        }
        else
        {
            loop.Change(_socket!, wanted);
        }

        _watched = wanted;
    }

    private void CloseSocket()
    {
        if (_socket is not null)
        {
            Watch(EpollEvents.None);
            _socket.Dispose();
            _socket = null;
        }
    }
}
