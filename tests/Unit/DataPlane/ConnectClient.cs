using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using Atoll.Api.DataPlane.Connect;
using Atoll.Unit.Api;
using Google.Protobuf;
using Xunit;

namespace Atoll.Unit.DataPlane;

/// <summary>Speaks the Connect protocol to a sandbox of a simulated server, byte by byte, as clients do.</summary>
internal sealed class ConnectClient(SimulatedServer server, RunningBox box, string codec)
{
    /// <summary>What carries the calls; the server's own client when not given.</summary>
    public HttpClient Http { get; init; } = server.Client;

    public Dictionary<string, string> Headers { get; } = new() { ["Connect-Protocol-Version"] = "1" };

    private ConnectCodec Codec => codec == "json" ? ConnectCodec.Json : ConnectCodec.Proto;

    /// <summary>Calls a unary method and expects its message.</summary>
    public async Task<TResponse> CallAsync<TResponse>(string method, IMessage request)
        where TResponse : IMessage<TResponse>, new()
    {
        using HttpResponseMessage reply = await SendAsync(method, $"application/{codec}", Codec.Write(request));
        byte[] body = await reply.Content.ReadAsByteArrayAsync();
        Assert.True(reply.IsSuccessStatusCode, $"{reply.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
        Assert.Equal($"application/{codec}", reply.Content.Headers.ContentType!.ToString());
        return Codec.Read<TResponse>(body);
    }

    /// <summary>Calls a unary method and expects it to fail.</summary>
    public async Task<ConnectFailure> FailAsync(string method, IMessage request)
    {
        using HttpResponseMessage reply = await SendAsync(method, $"application/{codec}", Codec.Write(request));
        return await ConnectFailure.OfAsync(reply);
    }

    /// <summary>Opens a stream with one message.</summary>
    public Task<FrameStream<TResponse>> OpenAsync<TResponse>(string method, IMessage request)
        where TResponse : IMessage<TResponse>, new() => OpenAsync<TResponse>(method, new ByteArrayContent(Frame(0, Codec.Write(request))));

    /// <summary>Opens a stream with a body of the test's own making.</summary>
    public async Task<FrameStream<TResponse>> OpenAsync<TResponse>(string method, HttpContent body)
        where TResponse : IMessage<TResponse>, new()
    {
        body.Headers.ContentType = new MediaTypeHeaderValue($"application/connect+{codec}");
        HttpResponseMessage reply = await SendAsync(method, body);
        Assert.True(reply.IsSuccessStatusCode, $"{reply.StatusCode}");
        Assert.Equal($"application/connect+{codec}", reply.Content.Headers.ContentType!.ToString());
        return new FrameStream<TResponse>(reply, await reply.Content.ReadAsStreamAsync(), Codec);
    }

    public Task<HttpResponseMessage> SendAsync(string method, string type, byte[] body, Action<HttpContentHeaders>? more = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        more?.Invoke(content.Headers);
        return SendAsync(method, content);
    }

    public async Task<HttpResponseMessage> SendAsync(string method, HttpContent body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/" + method)
        {
            Content = body, Version = Http.DefaultRequestVersion, VersionPolicy = Http.DefaultVersionPolicy,
        };
        request.Headers.Add("X-Sandbox-ID", box.Name);
        request.Headers.Add("X-Access-Token", box.Token);
        foreach ((string name, string value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public byte[] Frame(IMessage message) => Frame(0, Codec.Write(message));

    public static byte[] Frame(byte flags, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[5 + payload.Length];
        frame[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsSpan(5));
        return frame;
    }

    public static byte[] Gzipped(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}

/// <summary>How a call failed.</summary>
internal sealed record ConnectFailure(int Status, string Code, string Message)
{
    public static async Task<ConnectFailure> OfAsync(HttpResponseMessage reply)
    {
        string text = await reply.Content.ReadAsStringAsync();
        Assert.False(reply.IsSuccessStatusCode, text);
        Assert.Equal("application/json", reply.Content.Headers.ContentType!.ToString());
        return Of((int)reply.StatusCode, JsonDocument.Parse(text).RootElement);
    }

    public static ConnectFailure Of(int status, JsonElement error) =>
        new(status, error.GetProperty("code").ToString(), error.GetProperty("message").GetString()!);
}

/// <summary>The frames of a reply.</summary>
internal sealed class FrameStream<T>(HttpResponseMessage reply, Stream body, ConnectCodec codec) : IDisposable
    where T : IMessage<T>, new()
{
    /// <summary>How the stream failed; null while it runs and when it ended well.</summary>
    public ConnectFailure? Failure { get; private set; }

    /// <summary>The next message; null at the end.</summary>
    public async Task<T?> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        byte[] header = new byte[5];
        await body.ReadExactlyAsync(header, limit.Token);
        byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await body.ReadExactlyAsync(payload, limit.Token);
        if (header[0] == 0)
        {
            return codec.Read<T>(payload);
        }

        Assert.Equal(2, header[0]);
        Assert.Equal(0, await body.ReadAsync(header, limit.Token));
        if (JsonDocument.Parse(payload).RootElement.TryGetProperty("error", out JsonElement error))
        {
            Failure = ConnectFailure.Of(200, error);
        }

        return default;
    }

    /// <summary>All messages up to the end.</summary>
    public async Task<List<T>> RestAsync()
    {
        List<T> all = [];
        while (await NextAsync() is { } message)
        {
            all.Add(message);
        }

        return all;
    }

    public void Dispose() => reply.Dispose();
}
