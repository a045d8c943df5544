using System.Net;
using Atoll.Node;

namespace Atoll.Server;

/// <summary>How one server was asked to run.</summary>
internal sealed record ServeOptions
{
    /// <summary>How this machine serves as a node; names the data directory, the runtime and the region.</summary>
    public required NodeOptions Node { get; init; }

    /// <summary>Where it listens; port 0 for any that is free.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Host, and port if it is not the listener's, under which clients reach the server; null for the listener's own.</summary>
    public string? Domain { get; init; }

    /// <summary>The shortest timeout that a ScaleBox client may give a sandbox.</summary>
    public required TimeSpan MinTimeout { get; init; }

    /// <summary>Everything that the server keeps: database, key file, templates, sandboxes.</summary>
    public string DataDirectory => Node.DataDirectory;

    /// <summary>What clients put after <c>http://</c> to reach the server that listens at <paramref name="bound"/>.</summary>
    public string PublicHost(IPEndPoint bound)
    {
        if (Domain is not null)
        {
            return Domain.Contains(':') ? Domain : $"{Domain}:{bound.Port}";
        }

        IPAddress address = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any)
            ? IPAddress.Loopback
            : bound.Address;
        return new IPEndPoint(address, bound.Port).ToString();
    }
}
