using System.Net;
using System.Net.Sockets;

namespace Atoll.Control.Webhooks;

/// <summary>The name leads to an address that webhooks must not reach.</summary>
internal sealed class AddressRefusedException() : Exception("the address is not public");

/// <summary>
/// Opens the connections of webhooks. A name is looked up when it is connected to, each address that it has is checked, and
/// what was checked is what is connected to: a name that has another address a moment later gains nothing.
/// </summary>
/// <param name="resolve">Looks a name up.</param>
internal sealed class WebhookConnector(WebhookOptions options, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    public WebhookConnector(WebhookOptions options)
        : this(options, Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>Follows no redirect, uses no proxy, keeps no cookie, and reads little of what comes back.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        MaxConnectionsPerServer = options.ConcurrentPerHost,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectCallback = async (context, cancellation) => await ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation),
    };

    internal async Task<Stream> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        IPAddress[] addresses = await AddressesAsync(host, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The addresses of a host, all of which may be connected to.</summary>
    /// <exception cref="AddressRefusedException">One of them may not.</exception>
    internal async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        IPAddress[] addresses = IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? literal) ? [literal] : await resolve(host, cancellation);
        if (addresses.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        return options.AllowPrivate || addresses.All(PublicAddresses.Contains) ? addresses : throw new AddressRefusedException();
    }
}
