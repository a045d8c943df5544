using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Atoll.Api.Edge.Proxy;

/// <summary>
/// Which headers go through to a program in a sandbox and back. What belongs to one connection stays there; what names
/// or opens a sandbox never reaches a program; who the client is, a program learns from this server only.
/// </summary>
internal static class ProxyHeaders
{
    private const int KeyDigits = 40;

    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings",
    };

    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Access-Token", "E2b-Traffic-Access-Token", "E2b-Sandbox-Id", "E2b-Sandbox-Port", "X-Sandbox-ID",
    };

    /// <summary>Copies a client's headers, but Host, and adds where it comes from.</summary>
    /// <param name="host">What the program is to see in Host.</param>
    public static void CopyRequest(HttpRequest from, HttpRequestMessage to, string host)
    {
        HashSet<string> named = NamedInConnection(from.Headers.Connection);
        foreach ((string name, StringValues values) in from.Headers)
        {
            if (!HopByHop.Contains(name) && !named.Contains(name) && !Ours.Contains(name) && !IsForwarding(name) && !OpensTheApi(name, values)
                && name is not "Host" && name[0] != ':')
            {
                Add(to, name, values);
            }
        }

        to.Headers.TryAddWithoutValidation(HeaderNames.Host, host);
        AddForwarding(from, to.Headers);
    }

    /// <summary>Copies a program's headers to the client.</summary>
    /// <exception cref="HttpRequestException">They say two things about the length.</exception>
    public static void CopyResponse(HttpResponseMessage from, HttpResponse to)
    {
        HashSet<string> named = NamedInConnection(
            from.Headers.NonValidated.TryGetValues("Connection", out HeaderStringValues values) ? new StringValues([.. values]) : default);
        Copy(from.Headers.NonValidated, named, to.Headers);
        if (from.Content.Headers.NonValidated.TryGetValues("Content-Length", out HeaderStringValues lengths)
            && (lengths.Count > 1 || !lengths.ToString().All(char.IsAsciiDigit) || from.Headers.NonValidated.Contains("Transfer-Encoding")))
        {
            throw new HttpRequestException("a program's answer has no clear length");
        }

        Copy(from.Content.Headers.NonValidated, named, to.Headers);
        if (to.StatusCode is StatusCodes.Status204NoContent or < StatusCodes.Status200OK)
        {
            to.Headers.ContentLength = null;
        }
    }

    /// <summary>Copies what came behind the body, to clients that can be sent it: those of HTTP/2.</summary>
    public static void CopyTrailers(HttpResponseMessage from, HttpResponse to)
    {
        foreach ((string name, HeaderStringValues values) in from.TrailingHeaders.NonValidated)
        {
            if (!HopByHop.Contains(name) && to.SupportsTrailers())
            {
                to.AppendTrailer(name, new StringValues([.. values]));
            }
        }
    }

    private static void Copy(HttpHeadersNonValidated from, HashSet<string> named, IHeaderDictionary to)
    {
        foreach ((string name, HeaderStringValues values) in from)
        {
            if (!HopByHop.Contains(name) && !named.Contains(name) && values.All(IsSendable))
            {
                to[name] = new StringValues([.. values]);
            }
        }
    }

    // Control characters end or split a header where somebody reads it less strictly.
    private static bool IsSendable(string value) => value.All(c => c is '\t' or (>= ' ' and not '\x7F' and <= '\xFF'));

    private static void Add(HttpRequestMessage to, string name, StringValues values)
    {
        // HTTP/2 may cut cookies into pieces, HTTP/1.1 has one line.
        string[] lines = name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase)
            ? [string.Join("; ", values.ToArray())]
            : [.. values.Select(value => value ?? "")];
        if (!to.Headers.TryAddWithoutValidation(name, lines) && to.Content is { } content)
        {
            content.Headers.TryAddWithoutValidation(name, lines);
        }
    }

    private static void AddForwarding(HttpRequest from, HttpRequestHeaders to)
    {
        IPAddress? remote = from.HttpContext.Connection.RemoteIpAddress;
        remote = remote is { IsIPv4MappedToIPv6: true } ? remote.MapToIPv4() : remote;
        string client = remote?.ToString() ?? "unknown";
        string host = from.Host.Value ?? "";
        int port = from.Host.Port ?? (from.IsHttps ? 443 : 80);
        to.TryAddWithoutValidation("X-Forwarded-For", client);
        to.TryAddWithoutValidation("X-Forwarded-Host", host);
        to.TryAddWithoutValidation("X-Forwarded-Proto", from.Scheme);
        to.TryAddWithoutValidation("X-Forwarded-Port", $"{port}");
        string node = remote?.AddressFamily == AddressFamily.InterNetworkV6 ? $"\"[{client}]\"" : client;
        to.TryAddWithoutValidation("Forwarded", $"for={node};host=\"{host}\";proto={from.Scheme}");
    }

    private static bool IsForwarding(string name) =>
        name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Original-Host", StringComparison.OrdinalIgnoreCase);

    // A key of this API, sent along by mistake: programs have keys of their own in the same headers.
    private static bool OpensTheApi(string name, StringValues values) => name.ToUpperInvariant() switch
    {
        "X-API-KEY" => values.Any(IsApiKey),
        "AUTHORIZATION" => values.Any(value => IsApiKey(value?.Split(' ')[^1])),
        _ => false,
    };

    private static bool IsApiKey(string? value)
    {
        string? digits = value switch
        {
            ['s', 'k', '-', .. var rest] => rest,
            ['e', '2', 'b', '_', .. var rest] => rest,
            _ => null,
        };
        return digits is { Length: KeyDigits } && digits.All(char.IsAsciiHexDigit);
    }

    private static HashSet<string> NamedInConnection(StringValues connection) =>
        new(
            connection.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
            StringComparer.OrdinalIgnoreCase);
}
