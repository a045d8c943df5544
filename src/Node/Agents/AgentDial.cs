using System.Net;
using System.Net.Sockets;

namespace Atoll.Node.Agents;

/// <summary>Ways to reach an agent.</summary>
internal static class AgentDial
{
    /// <summary>Connects to a port of a sandbox's own address, without Nagle's delay.</summary>
    /// <exception cref="SocketException">Refused, or not reached.</exception>
    public static async Task<Socket> SocketAsync(IPEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>TCP without Nagle's delay: small requests go out at once.</summary>
    public static Func<CancellationToken, ValueTask<Stream>> Tcp(IPEndPoint address) => async cancellation =>
        new NetworkStream(await SocketAsync(address, cancellation), ownsSocket: true);
}
