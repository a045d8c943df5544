using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Tunnels;

/// <summary>Opens tunnels for the host: not to the agent itself, and not more than a connection may have.</summary>
internal sealed class TunnelOpening(EventLoop loop)
{
    /// <summary>Tunnels that are open at a time on one connection.</summary>
    public const int MaxTunnels = 256;

    /// <summary>The port on which this agent listens, where nothing is to be found.</summary>
    public int OwnPort { get; set; } = ProtocolLimits.DefaultPort;

    public void Open(Connection connection, uint stream, OpenTunnel request)
    {
        connection.RequireUnused(stream);
        if (request.Port == OwnPort || request.Port == ProtocolLimits.DefaultPort)
        {
            throw Tunnel.Refused(request.Port);
        }

        if (connection.Channels.Count<Tunnel>() >= MaxTunnels)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, $"{MaxTunnels} tunnels are open on this connection already");
        }

        var tunnel = new Tunnel(loop, connection, stream, request);
        connection.Channels.Add(tunnel);
        tunnel.Connect();
    }
}
