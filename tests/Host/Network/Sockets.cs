using System.Net;
using System.Net.Sockets;
using Atoll.Linux;

namespace Atoll.Host.Network;

/// <summary>Sockets inside of network namespaces, as a program in a sandbox would have them.</summary>
internal static class Sockets
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>Long beside the fraction of a millisecond that a connection takes here; under one resend of the SYN.</summary>
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromMilliseconds(600);

    public static Task<Socket> TcpInAsync(string netns) =>
        Namespaces.RunInNetAsync(netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    public static Task<Socket> UdpInAsync(string netns) =>
        Namespaces.RunInNetAsync(netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    public static async Task<Socket> ListenInAsync(string netns, int port)
    {
        Socket socket = await TcpInAsync(netns);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Listen();
        return socket;
    }

    /// <summary>Whether a connection comes about.</summary>
    public static async Task<bool> ConnectsAsync(string? netns, IPAddress address, int port)
    {
        using Socket socket = netns is null
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : await TcpInAsync(netns);
        using var limit = new CancellationTokenSource(BlockedAfter);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Whether a datagram from one socket arrives at the other.</summary>
    public static async Task<bool> ArrivesAsync(Socket from, Socket at, IPEndPoint to)
    {
        byte[] sent = Guid.NewGuid().ToByteArray();
        byte[] got = new byte[sent.Length];
        using var limit = new CancellationTokenSource(BlockedAfter);
        try
        {
            await from.SendToAsync(sent, to, limit.Token);
            do
            {
                await at.ReceiveAsync(got, limit.Token);
            }
            while (!got.AsSpan().SequenceEqual(sent));
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public static async Task<IPAddress> PeerOfNextAsync(Socket listener)
    {
        using Socket accepted = await listener.AcceptAsync(new CancellationTokenSource(Soon).Token);
        return ((IPEndPoint)accepted.RemoteEndPoint!).Address;
    }
}
