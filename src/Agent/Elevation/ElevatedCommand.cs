using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Elevation;

/// <summary>
/// One connection to the local socket, and the command that it asked for.
/// <code>
///   client                              agent
///   StartProcess + descriptors 0,1,2 ->
///                                    &lt;- Started, or Error and the end
///   Signal*                          ->  to the command's group
///                                    &lt;- Exited and the end
///   (gone)                           ->  SIGHUP to the group, SIGKILL 5 s later
/// </code>
/// </summary>
internal sealed class ElevatedCommand
{
    /// <summary>How long a command may live on without its client, in milliseconds.</summary>
    private const long Grace = 5000;

    private readonly EventLoop _loop;
    private readonly ElevationServer _server;
    private readonly Descriptor _socket;
    private readonly Action<ElevatedCommand> _onClosed;
    private readonly List<Descriptor> _descriptors = [];
    private readonly LoopTimer _requestTimer;
    private MessageReader _reader = new(ElevationServer.MaxRequest);
    private SenderCredentials? _sender;
    private LoopTimer? _killTimer;
    private bool _isGone;

    public ElevatedCommand(EventLoop loop, ElevationServer server, Descriptor socket, Action<ElevatedCommand> onClosed)
    {
        (_loop, _server, _socket, _onClosed) = (loop, server, socket, onClosed);
        _requestTimer = loop.At(
            loop.Now + ElevationServer.RequestTime, () => Refuse(new Error(AgentErrorCode.Protocol, "the request did not come in time")));
        loop.Add(socket, EpollEvents.EPOLLIN, _ => OnReadable());
    }

    /// <summary>The command's process; 0 while there is none.</summary>
    public int Pid { get; private set; }

    public void OnExit(ChildExit exit)
    {
        Pid = 0;
        _loop.Cancel(_killTimer);
        Send(writer => new Exited(exit.Code, exit.Signal).Write(writer, 0));
        HangUp();
        _onClosed(this);
    }

    public void Refuse(Error error)
    {
        Send(writer => error.Write(writer, 0));
        OnGone();
    }

    private void OnReadable()
    {
        try
        {
            int count = UnixSockets.Receive(_socket, _reader.GetBuffer().Span, _descriptors, out SenderCredentials? sender);
            if (count < 0)
            {
                OnGone();
                return;
            }

            if (count > 0)
            {
                Identify(sender);
                _reader.Advance(count);
            }

            while (!_isGone && _reader.TryRead(out Message message))
            {
                Handle(message);
            }
        }
        catch (ProtocolException e)
        {
            Refuse(new Error(AgentErrorCode.Protocol, e.Message));
        }
        catch (AgentErrorException e)
        {
            Refuse(new Error(e.Code, e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(new Error(AgentErrorCode.Internal, e.Message));
        }
    }

    /// <summary>All bytes of a connection come from one user, and no descriptors once the three have come.</summary>
    private void Identify(SenderCredentials? sender)
    {
        _sender ??= sender ?? throw new ProtocolException("the kernel does not say who asks");
        if (sender is { } told && told.Uid != _sender.Value.Uid)
        {
            throw new ProtocolException("the connection changed hands");
        }

        if (_descriptors.Count > (Pid == 0 ? 3 : 0))
        {
            throw new ProtocolException("too many descriptors");
        }
    }

    private void Handle(Message message)
    {
        if (Pid == 0 && message.Type == MessageType.StartProcess)
        {
            Pid = _server.Start(_sender!.Value, StartProcess.Read(message.Payload), _descriptors);
            _loop.Cancel(_requestTimer);
            CloseDescriptors();
            _reader = new MessageReader(ProtocolLimits.MaxHello);
            Send(writer => new Started(Pid, _loop.WallClock.ToUnixTimeMilliseconds()).Write(writer, 0));
        }
        else if (Pid != 0 && message.Type == MessageType.Signal && Signal.Read(message.Payload) is { Number: > 0 and <= Signals.Max } signal)
        {
            Signals.Send(-Pid, signal.Number);
        }
        else
        {
            throw new ProtocolException("that is nothing to ask for now");
        }
    }

    private void OnGone()
    {
        if (_isGone)
        {
            return;
        }

        HangUp();
        if (Pid == 0)
        {
            _onClosed(this);
            return;
        }

        Signals.Send(-Pid, Signals.SIGHUP);
        _killTimer = _loop.At(_loop.Now + Grace, () => Signals.Send(-Pid, Signals.SIGKILL));
    }

    private void HangUp()
    {
        if (!_isGone)
        {
            _isGone = true;
            _loop.Cancel(_requestTimer);
            _loop.Remove(_socket);
            _socket.Dispose();
            CloseDescriptors();
        }
    }

    private void CloseDescriptors()
    {
        _descriptors.ForEach(descriptor => descriptor.Dispose());
        _descriptors.Clear();
    }

    /// <summary>The few bytes of an answer fit into the socket's buffer, or nobody wants them.</summary>
    private void Send(Action<MessageWriter> message)
    {
        if (!_isGone)
        {
            var writer = new MessageWriter();
            message(writer);
            TcpSockets.Send(_socket, writer.Written.Span);
        }
    }
}
