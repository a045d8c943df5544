using Atoll.Agent.Loop;
using Atoll.Linux;

namespace Atoll.Agent.Connections;

/// <summary>
/// Takes connections, a bounded number. When there are too many of a kind the oldest goes, so that neither strangers
/// who say nothing nor half-dead connections of the host can keep the host out.
/// </summary>
internal sealed class Listener
{
    public const int MaxStrangers = 8;
    public const int MaxKnown = 8;
    private const int AcceptPause = 100;

    private readonly EventLoop _loop;
    private readonly Descriptor _socket;
    private readonly RequestHandler _handler;
    private readonly List<Connection> _connections = [];

    public Listener(EventLoop loop, int port, RequestHandler handler)
    {
        (_loop, _handler) = (loop, handler);
        (_socket, Port) = TcpSockets.Listen(port, backlog: 64);
        Watch();
    }

    public int Port { get; }

    public void CloseAllBut(Connection kept)
    {
        foreach (Connection connection in _connections.Where(connection => connection != kept).ToArray())
        {
            connection.Close();
        }
    }

    private void Watch() => _loop.Add(_socket, EpollEvents.EPOLLIN, _ => Accept());

    private void Accept()
    {
        Descriptor? socket = TcpSockets.Accept(_socket);
        if (socket is null)
        {
            if (SyscallException.LastError is Errno.EMFILE or Errno.ENOMEM)
            {
                // The connection stays in the kernel's queue and would wake the loop for ever.
                _loop.Remove(_socket);
                _loop.At(_loop.Now + AcceptPause, Watch);
            }

            return;
        }

        _connections.Add(new Connection(_loop, socket, _handler, closed => _connections.Remove(closed)));
        CloseOldest(known: false, MaxStrangers);
        CloseOldest(known: true, MaxKnown);
    }

    private void CloseOldest(bool known, int max)
    {
        if (_connections.Count(connection => connection.IsAuthenticated == known) > max)
        {
            _connections.First(connection => connection.IsAuthenticated == known).Close();
        }
    }
}
