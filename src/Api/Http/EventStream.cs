using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.Http;

/// <summary>
/// Writes server-sent events, one at a time: each is handed to the connection before the next is taken from the
/// source, so that a slow client slows the source instead of filling memory.
/// </summary>
internal sealed class EventStream
{
    private readonly HttpContext _http;
    private readonly TimeSpan _stalled;
    private readonly TimeProvider _time;

    private EventStream(HttpContext http, TimeSpan stalled, TimeProvider time)
    {
        _http = http;
        _stalled = stalled;
        _time = time;
    }

    /// <summary>Starts the reply. From here on errors can only be told as events.</summary>
    /// <param name="stalled">How long one write may wait for the client before it is disconnected.</param>
    public static EventStream Open(HttpContext http, TimeSpan stalled, TimeProvider time)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return new EventStream(http, stalled, time);
    }

    /// <summary>Writes one event and waits until the connection has taken it.</summary>
    /// <param name="id">What a client sends as <c>Last-Event-ID</c> to go on behind this event; null for none.</param>
    public async Task WriteAsync<T>(string name, T data, JsonTypeInfo<T> type, string? id = null)
    {
        CancellationToken gone = _http.RequestAborted;
        IBufferWriter<byte> body = _http.Response.BodyWriter;
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: {name}\n"), body);
        if (id is not null)
        {
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {id}\n"), body);
        }

        body.Write("data: "u8);
        using (var json = new Utf8JsonWriter(body))
        {
            JsonSerializer.Serialize(json, data, type);
        }

        body.Write("\n\n"u8);
        try
        {
            await _http.Response.BodyWriter.FlushAsync(gone).AsTask().WaitAsync(_stalled, _time, gone);
        }
        catch (TimeoutException)
        {
            _http.Abort();
            throw new OperationCanceledException("the client takes nothing any more");
        }
    }
}
