using System.Net;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Atoll.Api.Edge.Proxy;

/// <summary>Makes of a client's request the one that a program gets: the same target, byte for byte, and the headers that may pass.</summary>
internal static class ProxyRequest
{
    // The name in it is seen by nobody: connections are made by the client's callback, and Host is set.
    private const string Authority = "http://sandbox";

    /// <param name="port">As the client named it.</param>
    /// <param name="upgrade">The protocol that the connection is to change to; null for none.</param>
    /// <exception cref="FaultException">The target is of a form that no program can be asked.</exception>
    public static HttpRequestMessage Make(HttpContext http, Sandbox sandbox, int port, string? upgrade, TimeSpan idle)
    {
        HttpRequest request = http.Request;
        bool isTunnel = HttpMethods.IsConnect(request.Method);
        var message = new HttpRequestMessage(isTunnel ? HttpMethod.Get : new HttpMethod(request.Method), TargetOf(http))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (upgrade is null && http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true)
        {
            message.Content = new ProxyBody(http, idle);
        }
        else if (request.ContentType is not null)
        {
            message.Content = new ByteArrayContent([]);
        }

        ProxyHeaders.CopyRequest(request, message, HostOf(request, sandbox, port));
        if (upgrade is not null)
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", upgrade);
        }

        return message;
    }

    private static string HostOf(HttpRequest request, Sandbox sandbox, int port) =>
        sandbox.RequestHost?.Replace("${PORT}", $"{port}", StringComparison.Ordinal) ?? request.Host.Value ?? "";

    private static Uri TargetOf(HttpContext http)
    {
        string raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!raw.StartsWith('/') && raw.Contains("://", StringComparison.Ordinal))
        {
            // Absolute form: Kestrel has taken it apart, and checked that Host says the same.
            raw = http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
        }

        return raw.StartsWith('/') && raw.All(c => c is > ' ' and < '\x7F')
            ? new Uri(Authority + raw, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
            : throw new Fault(FaultCode.InvalidArgument, "the request's target must be a path").AsException();
    }
}
