using System.Net;
using System.Net.Sockets;

namespace Atoll.Node.Agents;

/// <summary>Ways to reach an agent.</summary>
internal static class AgentDial
{
    /// <summary>TCP without Nagle's delay: small requests go out at once.</summary>
    public static Func<CancellationToken, ValueTask<Stream>> Tcp(IPEndPoint address) => async cancellation =>
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    };
}
