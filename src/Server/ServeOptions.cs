using System.Net;
using Atoll.Api.Tenancy;
using Atoll.Domain.Tenancy;
using Atoll.Node;
using Atoll.Server.Edge;

namespace Atoll.Server;

/// <summary>How one server was asked to run.</summary>
internal sealed record ServeOptions
{
    /// <summary>How this machine serves as a node; names the data directory, the runtime and the region.</summary>
    public required NodeOptions Node { get; init; }

    /// <summary>Where it listens; port 0 for any that is free.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>
    /// Name, and port if it is not the listener's, under which clients reach the server; sandboxes have names below it.
    /// Null when there is none: then each sandbox has a local port.
    /// </summary>
    public string? Domain { get; init; }

    /// <summary>The local ports of sandboxes.</summary>
    public PortRange SandboxPorts { get; init; } = PortRange.Standard;

    /// <summary>Where raw TCP in TLS comes in; null when it does not.</summary>
    public RawTcpOptions? RawTcp { get; init; }

    /// <summary>Path of the operator's own certificate; null for none.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>Path of that certificate's key.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The shortest timeout that a ScaleBox client may give a sandbox.</summary>
    public required TimeSpan MinTimeout { get; init; }

    /// <summary>How often callers may come.</summary>
    public RateLimitOptions RateLimits { get; init; } = new();

    /// <summary>What a user may have who was given no quota of its own; null in it for the standard.</summary>
    public Quota UserQuota { get; init; } = new();

    /// <summary>Whether webhooks may lead to this machine and its networks.</summary>
    public bool WebhooksAllowPrivate { get; init; }

    /// <summary>Everything that the server keeps: database, key file, templates, sandboxes.</summary>
    public string DataDirectory => Node.DataDirectory;

    /// <summary><see cref="Domain"/> without its port.</summary>
    public string? DomainName => Domain?.Split(':')[0];

    /// <summary>What clients put after <c>https://</c> or <c>http://</c> to reach the server that listens at <paramref name="bound"/>.</summary>
    public string PublicHost(IPEndPoint bound)
    {
        const int https = 443;
        if (Domain is not null)
        {
            return Domain.Contains(':') || bound.Port == https ? Domain : $"{Domain}:{bound.Port}";
        }

        IPAddress address = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any)
            ? IPAddress.Loopback
            : bound.Address;
        return new IPEndPoint(address, bound.Port).ToString();
    }
}

/// <param name="Port">On the address of the server; 0 for any that is free.</param>
/// <param name="IsRequired">Somebody asked for it: without it the server does not start. Otherwise it does, and says so.</param>
internal sealed record RawTcpOptions(int Port, bool IsRequired)
{
    public const int StandardPort = 8443;
}
