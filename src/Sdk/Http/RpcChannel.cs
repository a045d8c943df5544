using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Sdk.Http;

/// <summary>
/// Calls the data plane of one sandbox by the Connect protocol in JSON (contracts/scalebox.md 3.5), through the server's own
/// address. A stream is frames, the last of which has flag 2:
/// <code>
///   u8 flags | u32 length, big-endian | JSON
/// </code>
/// </summary>
internal sealed class RpcChannel(Transport transport, string sandboxId, string accessToken)
{
    private const int HeaderSize = 5;
    private const byte EndFlag = 2;
    private const int MaxFrame = 16 * 1024 * 1024;

    /// <exception cref="NotFoundException">There is no such sandbox among the caller's.</exception>
    /// <exception cref="ProtocolException">The server gave no access token.</exception>
    public static async Task<RpcChannel> OpenAsync(Transport transport, string sandboxId, CancellationToken cancellation)
    {
        Sandbox sandbox = await transport.SendAsync(
            ApiRequest.Get($"v1/sandboxes/{ApiRequest.Segment(sandboxId)}"), SdkJson.Default.Sandbox, cancellation).ConfigureAwait(false);
        return new RpcChannel(
            transport, sandbox.SandboxId,
            sandbox.EnvdAccessToken ?? throw new ProtocolException($"the server gave no access token for sandbox '{sandboxId}'"));
    }

    /// <summary>One message there and one back, which nobody looks at.</summary>
    public async Task CallAsync<T>(string method, T message, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Render(method, JsonSerializer.SerializeToUtf8Bytes(message, type), "application/json");
        using Patience patience = new(transport.Options.RequestTimeout, transport.Options.TimeProvider, cancellation);
        (await transport.OpenAsync(request, patience).ConfigureAwait(false)).Dispose();
    }

    /// <summary>One message there, many back. The wait for each is bounded by the stream's idle time: keepalives count.</summary>
    /// <exception cref="RpcException">The server ended the stream with an error.</exception>
    /// <exception cref="ConnectionException">The stream broke off before its last frame.</exception>
    public async IAsyncEnumerable<TReply> StreamAsync<T, TReply>(
        string method, T message, JsonTypeInfo<T> type, JsonTypeInfo<TReply> replyType, [EnumeratorCancellation] CancellationToken cancellation)
        where TReply : class
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        byte[] framed = new byte[HeaderSize + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), json.Length);
        json.CopyTo(framed, HeaderSize);
        using HttpRequestMessage request = Render(method, framed, "application/connect+json");
        request.Headers.TryAddWithoutValidation("Keepalive-Ping-Interval", KeepAliveSeconds());
        using Patience patience = new(transport.Options.StreamIdleTimeout, transport.Options.TimeProvider, cancellation);
        using HttpResponseMessage reply = await transport.OpenAsync(request, patience).ConfigureAwait(false);
        using Stream body = await reply.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        byte[] header = new byte[HeaderSize];
        while (true)
        {
            await FillAsync(body, header, patience).ConfigureAwait(false);
            int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
            byte[] frame = length is >= 0 and <= MaxFrame ? new byte[length] : throw new ProtocolException($"the server sent a frame of {(uint)length} bytes");
            await FillAsync(body, frame, patience).ConfigureAwait(false);
            if ((header[0] & EndFlag) != 0)
            {
                Finish(Parse(frame, RpcJson.Default.RpcEnd));
                yield break;
            }
            yield return Parse(frame, replyType);
        }
    }

    private string KeepAliveSeconds() =>
        $"{Math.Max(1, (int)(transport.Options.StreamIdleTimeout.TotalSeconds / 3))}";

    private async Task FillAsync(Stream body, Memory<byte> buffer, Patience patience)
    {
        while (!buffer.IsEmpty)
        {
            int count = await transport.ReadAsync(body, buffer, patience).ConfigureAwait(false);
            if (count == 0)
            {
                throw new ConnectionException(transport.Options.BaseUrl, "the stream broke off");
            }
            patience.Renew();
            buffer = buffer[count..];
        }
    }

    private HttpRequestMessage Render(string method, byte[] body, string type)
    {
        HttpRequestMessage request = new(HttpMethod.Post, method) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.TryAddWithoutValidation("Connect-Protocol-Version", "1");
        request.Headers.TryAddWithoutValidation("X-Sandbox-ID", sandboxId);
        request.Headers.TryAddWithoutValidation("X-Access-Token", accessToken);
        return request;
    }

    private static T Parse<T>(byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new ProtocolException("the server's stream holds something that is no message of it", exception);
        }
    }

    private static void Finish(RpcEnd end)
    {
        if (end.Error is { } error)
        {
            throw new RpcException(error.Code ?? "unknown", error.Message ?? "the server gave no reason");
        }
    }
}
