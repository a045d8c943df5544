using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Atoll.Api.Edge.Proxy;

/// <summary>
/// A connection that changes its protocol: HTTP/1.1 Upgrade as it is, and a WebSocket over HTTP/2 (RFC 8441), which becomes
/// an HTTP/1.1 upgrade towards the program. After that bytes go both ways unseen.
/// </summary>
internal sealed class ProxyUpgrade
{
    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly string? _key;

    private ProxyUpgrade(string protocol, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    {
        (Protocol, _upgrade, _connect) = (protocol, upgrade, connect);
        _key = connect is null ? null : Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
    }

    /// <summary>What the connection is to change to.</summary>
    public string Protocol { get; }

    /// <summary>What a client asks for; null when it asks for no change, or for HTTP/2, which is between it and this server.</summary>
    public static ProxyUpgrade? Of(HttpContext http)
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } connect)
        {
            return new ProxyUpgrade("websocket", null, connect);
        }

        string protocol = http.Request.Headers.Upgrade.ToString();
        return http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
            && protocol.Length > 0 && !protocol.Contains("h2c", StringComparison.OrdinalIgnoreCase)
                ? new ProxyUpgrade(protocol, upgrade, null)
                : null;
    }

    /// <summary>Adds what HTTP/2 has no use for.</summary>
    public void Prepare(HttpRequestMessage message)
    {
        if (_key is not null)
        {
            message.Headers.Remove("Sec-WebSocket-Key");
            message.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", _key);
        }
    }

    /// <summary>The program has agreed: tells the client and moves bytes until both have ended.</summary>
    /// <param name="stalled">How long one write may take.</param>
    /// <exception cref="HttpRequestException">The program's agreement is to something else.</exception>
    public async Task SpliceAsync(HttpContext http, HttpResponseMessage response, TimeSpan stalled)
    {
        Check(response);
        http.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        ProxyHeaders.CopyResponse(response, http.Response);
        await using Stream program = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        await using Stream client = await AcceptAsync(http, response);

        await Splice.RunAsync(
            client, program, tellProgram: null, new SpliceLimits(stalled, Idle: Timeout.InfiniteTimeSpan), TimeProvider.System, http.RequestAborted);
    }

    private async Task<Stream> AcceptAsync(HttpContext http, HttpResponseMessage response)
    {
        if (_upgrade is not null)
        {
            http.Response.Headers.Upgrade = response.Headers.NonValidated.TryGetValues("Upgrade", out var protocol) ? protocol.ToString() : Protocol;
            return await _upgrade.UpgradeAsync();
        }

        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.Headers.Remove("Sec-WebSocket-Accept");
        return await _connect!.AcceptAsync();
    }

    private void Check(HttpResponseMessage response)
    {
        if (_key is null)
        {
            return;
        }

        // RFC 6455, 4.2.2: SHA-1 and this constant are the protocol's own; nothing is kept secret by it.
#pragma warning disable CA5350
        string expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(_key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        if (!response.Headers.NonValidated.TryGetValues("Sec-WebSocket-Accept", out var accept) || accept.ToString() != expected)
        {
            throw new HttpRequestException("the program's Sec-WebSocket-Accept does not match", null, HttpStatusCode.BadGateway);
        }
    }
}
