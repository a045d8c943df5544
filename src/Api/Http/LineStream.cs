using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.Http;

/// <summary>
/// Writes a reply line by line: each is handed to the connection before the next is taken from the source, so that a slow
/// client slows the source instead of filling memory.
/// </summary>
internal sealed class LineStream
{
    private readonly HttpContext _http;
    private readonly TimeSpan _stalled;
    private readonly TimeProvider _time;

    private LineStream(HttpContext http, TimeSpan stalled, TimeProvider time) => (_http, _stalled, _time) = (http, stalled, time);

    /// <summary>Starts the reply. From here on errors can only be told as lines.</summary>
    /// <param name="stalled">How long one write may wait for the client before it is disconnected.</param>
    public static LineStream Open(HttpContext http, string contentType, TimeSpan stalled, TimeProvider time)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return new LineStream(http, stalled, time);
    }

    /// <param name="line">With its end.</param>
    public async Task WriteAsync(byte[] line)
    {
        _http.Response.BodyWriter.Write(line);
        try
        {
            await _http.Response.BodyWriter.FlushAsync(_http.RequestAborted).AsTask().WaitAsync(_stalled, _time, _http.RequestAborted);
        }
        catch (TimeoutException)
        {
            _http.Abort();
            throw new OperationCanceledException("the client takes nothing any more");
        }
    }
}
