using System.Net;
using System.Net.Sockets;
using Atoll.Linux;

namespace Atoll.Host.Network;

/// <summary>Sockets inside of network namespaces, as a program in a sandbox would have them.</summary>
internal static class Sockets
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>Long beside the fraction of a millisecond that a packet takes here.</summary>
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

    /// <summary>Whether a connection comes about, given plenty of time.</summary>
    public static Task<bool> ConnectsAsync(string? netns, IPAddress address, int port) => ConnectsAsync(netns, address, port, Soon);

    /// <summary>Whether no connection comes about in a time in which one long would have.</summary>
    public static async Task<bool> BlockedAsync(string? netns, IPAddress address, int port) =>
        !await ConnectsAsync(netns, address, port, BlockedAfter);

    /// <summary>Whether a datagram from one socket arrives at the other, given plenty of time.</summary>
    public static Task<bool> ArrivesAsync(Socket from, Socket at, IPEndPoint to) => ArrivesAsync(from, at, to, Soon);

    /// <summary>Whether a datagram is lost: not there in a time in which it long would have been.</summary>
    public static async Task<bool> LostAsync(Socket from, Socket at, IPEndPoint to) => !await ArrivesAsync(from, at, to, BlockedAfter);

    private static async Task<bool> ConnectsAsync(string? netns, IPAddress address, int port, TimeSpan time)
    {
        using Socket socket = netns is null
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : await TcpInAsync(netns);
        using var limit = new CancellationTokenSource(time);
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

    private static async Task<bool> ArrivesAsync(Socket from, Socket at, IPEndPoint to, TimeSpan time)
    {
        byte[] sent = Guid.NewGuid().ToByteArray();
        byte[] got = new byte[sent.Length];
        using var limit = new CancellationTokenSource(time);
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
