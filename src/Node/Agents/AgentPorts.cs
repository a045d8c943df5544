using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>
/// Connects to the TCP ports of a sandbox: at its own address, which costs least, and through its agent when nothing listens
/// there, since a program may listen on the loopback address only.
/// </summary>
/// <param name="address">The sandbox's own address; null when it is reached by its agent only.</param>
internal sealed class AgentPorts(AgentLink link, IPAddress? address) : IDisposable
{
    /// <summary>How long the sandbox's own address may take to answer; the sandbox is on this machine.</summary>
    private static readonly TimeSpan DirectTime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<DirectConnection, bool> _direct = new();
    private volatile bool _closed;

    /// <inheritdoc cref="Domain.Processes.IAgent.ConnectAsync"/>
    public async Task<SandboxConnection> ConnectAsync(int port, CancellationToken cancellation)
    {
        if (port is < 1 or > ushort.MaxValue)
        {
            throw Fault.Invalid("port", $"port {port} is not between 1 and {ushort.MaxValue}").AsException();
        }

        if (port == ProtocolLimits.DefaultPort)
        {
            throw new Fault(FaultCode.NothingListens, $"nothing listens on port {port} of the sandbox").AsException();
        }

        if (_closed)
        {
            // Its address may be another sandbox's by now.
            throw AgentFaults.Unavailable("its sandbox is not here any more");
        }

        return address is not null && await DialAsync(new IPEndPoint(address, port), cancellation) is { } socket
            ? Direct(socket)
            : await TunnelAsync(port, cancellation);
    }

    /// <summary>
    /// Ends the connections to the sandbox's own address: one that is gone says nothing to those who wait for it. Tunnels
    /// end with the agent's connection.
    /// </summary>
    public void Dispose()
    {
        _closed = true;
        CloseAll();
    }

    /// <summary>Ends the connections that there are.</summary>
    public void CloseAll()
    {
        foreach (DirectConnection connection in _direct.Keys)
        {
            connection.Dispose();
        }
    }

    private DirectConnection Direct(Socket socket)
    {
        var connection = new DirectConnection(socket, each => _direct.TryRemove(each, out _));
        _direct[connection] = true;

        // Closing ends those that it sees; this one may have come after, and lead anywhere.
        if (_closed)
        {
            connection.Dispose();
            throw AgentFaults.Unavailable("its sandbox is not here any more");
        }

        return connection;
    }

    /// <returns>Null when nothing answered there.</returns>
    private async Task<Socket?> DialAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(DirectTime, link.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await AgentDial.SocketAsync(endpoint, both.Token);
        }
        catch (SocketException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<SandboxConnection> TunnelAsync(int port, CancellationToken cancellation)
    {
        var message = new OpenTunnel((ushort)port, TunnelConnection.Window);
        (ByteChannel channel, byte[] reply) = await link.OpenChannelAsync(
            message.Write, MessageType.TunnelOpened, ByteDirection.Both, TunnelConnection.Window, cancellation);
        try
        {
            channel.AddCredit(AgentLink.Parse(() => TunnelOpened.Read(reply)).Credit);
            return new TunnelConnection(channel);
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }
    }
}
