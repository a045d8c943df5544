using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>
/// Writes a reply's frames, one at a time: each is handed to the connection before the next is made, so that a slow
/// client slows its source instead of filling memory. Frames are not compressed: each would have to be by itself.
/// </summary>
internal sealed class FrameWriter
{
    private const int HeaderSize = 5;
    private const byte End = 0x02;
    private readonly HttpContext _http;
    private readonly ConnectContent _content;
    private readonly TimeSpan _stalled;
    private readonly TimeProvider _time;

    private FrameWriter(HttpContext http, ConnectContent content, TimeSpan stalled, TimeProvider time) =>
        (_http, _content, _stalled, _time) = (http, content, stalled, time);

    /// <summary>Starts the reply: 200, whatever comes. From here on errors are told by <see cref="EndAsync"/>.</summary>
    /// <param name="stalled">How long one frame may wait for the client before it is disconnected.</param>
    public static FrameWriter Open(HttpContext http, ConnectContent content, TimeSpan stalled, TimeProvider time)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        http.Response.ContentType = content.Type;
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return new FrameWriter(http, content, stalled, time);
    }

    public Task WriteAsync(IMessage message) => WriteAsync(0, _content.Codec.Write(message));

    /// <summary>The last frame: without an error all went well.</summary>
    public Task EndAsync(ConnectException? error)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (error is not null)
            {
                writer.WritePropertyName("error");
                ConnectReply.WriteError(writer, error.Code, error.Message);
            }

            writer.WriteEndObject();
        }

        return WriteAsync(End, json.WrittenSpan.ToArray());
    }

    private async Task WriteAsync(byte flags, byte[] payload)
    {
        PipeWriter body = _http.Response.BodyWriter;
        WriteHeader(body, flags, payload.Length);
        body.Write(payload);
        CancellationToken gone = _http.RequestAborted;
        try
        {
            await body.FlushAsync(gone).AsTask().WaitAsync(_stalled, _time, gone);
        }
        catch (TimeoutException)
        {
            _http.Abort();
            throw new OperationCanceledException("the client takes nothing any more");
        }
    }

    private static void WriteHeader(PipeWriter body, byte flags, int length)
    {
        Span<byte> header = body.GetSpan(HeaderSize);
        header[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        body.Advance(HeaderSize);
    }
}
