using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Writes replies that are no streams: a message, or an error with the status of its code.</summary>
internal static class ConnectReply
{
    /// <summary>Bytes from which a message is worth compressing for a client that takes it.</summary>
    private const int WorthCompressing = 8 * 1024;

    /// <summary>Bytes from which a reply is memory that its client must not keep for long.</summary>
    private const int Large = 256 * 1024;

    private static readonly MinDataRate SlowestOfLarge = new(bytesPerSecond: 32 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    public static Task WriteAsync(HttpContext http, ConnectContent content, IMessage message)
    {
        byte[] body = content.Codec.Write(message);
        if (body.Length >= WorthCompressing)
        {
            http.Response.Headers.Vary = "Accept-Encoding";
            if (Accepts(http.Request.Headers.AcceptEncoding.ToString()))
            {
                http.Response.Headers.ContentEncoding = Gzip.Name;
                body = Gzip.Deflate(body);
            }
        }

        return SendAsync(http, StatusCodes.Status200OK, content.Type, body);
    }

    /// <summary>Always JSON, whatever the call's codec.</summary>
    public static Task WriteErrorAsync(HttpContext http, ConnectCode code, string message, int? status = null) =>
        SendAsync(http, status ?? code.Status(), "application/json", Error(code, message));

    /// <summary>The sandbox does not run: a gateway's reply, by which clients know that it is gone.</summary>
    public static Task WriteNotRunningAsync(HttpContext http, string sandbox, string message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("sandboxId", sandbox);
            json.WriteString("message", message);
            json.WriteNumber("code", StatusCodes.Status502BadGateway);
            json.WriteEndObject();
        }

        return SendAsync(http, StatusCodes.Status502BadGateway, "application/json", buffer.WrittenSpan.ToArray());
    }

    /// <summary>405 or 415: the request is none of this protocol, and a header says what would be.</summary>
    public static Task WriteRefusalAsync(HttpContext http, int status, string header, string value)
    {
        http.Response.Headers[header] = value;
        return WriteErrorAsync(http, ConnectCode.Unknown, $"send a POST with one of {ConnectContent.UnaryTypes} (unary) or {ConnectContent.StreamTypes} (streams)", status);
    }

    /// <summary>The JSON of an error, as unary replies and the ends of streams have it.</summary>
    public static byte[] Error(ConnectCode code, string message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            WriteError(json, code, message);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void WriteError(Utf8JsonWriter json, ConnectCode code, string message)
    {
        json.WriteStartObject();
        json.WriteString("code", code.Word());
        json.WriteString("message", message);
        json.WriteEndObject();
    }

    private static bool Accepts(string encodings) => encodings.Split(',', StringSplitOptions.TrimEntries)
        .Any(encoding => encoding.Equals(Gzip.Name, StringComparison.OrdinalIgnoreCase));

    private static Task SendAsync(HttpContext http, int status, string type, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        if (body.Length >= Large && http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = SlowestOfLarge;
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
