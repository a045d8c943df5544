using System.Net;
using System.Text;
using Atoll.Server.Edge;
using Atoll.Server.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Atoll.Server;

/// <summary>The HTTP listener and its limits, all explicit.</summary>
internal static class Listener
{
    /// <summary>How long requests under way may take once the server was told to stop.</summary>
    public static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(10);

    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    public static void Configure(KestrelServerOptions kestrel, IPEndPoint endpoint, ServerCertificates certificates, TimeProvider time)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;

        // What programs in sandboxes write into headers passes byte by byte.
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        KestrelServerLimits limits = kestrel.Limits;

        // The API itself refuses what is longer than BodyLimit. Were the limit here, the connection would be closed at it,
        // and a client that still sends would see a reset instead of the 413. So the server answers, then reads and drops
        // the rest, for 5 seconds at the most, before it closes.
        limits.MaxRequestBodySize = null;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;
        limits.MaxResponseBufferSize = 64 * 1024;
        limits.MaxConcurrentConnections = 10_000;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.MinRequestBodyDataRate = SlowestBody;
        limits.MinResponseDataRate = SlowestBody;
        kestrel.Listen(endpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            FirstByte.Configure(listen, certificates.ToOptions(), time);
        });
    }
}
