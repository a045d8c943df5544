using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Attacks;

/// <summary>An answer of which at most <see cref="Most"/> bytes were read.</summary>
/// <param name="Text">Byte for byte, as Latin-1.</param>
internal sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public const int Most = 4 * 1024 * 1024;

    /// <summary>Whether it refuses with a sentence that a program can find, and is no failure of the server.</summary>
    public bool IsRefusal => Status is >= 400 and < 500 && Message is { Length: > 0 };

    public string? Message
    {
        get
        {
            try
            {
                return JsonDocument.Parse(Text).RootElement.TryGetProperty("message", out JsonElement message) ? message.GetString() : null;
            }
            catch (JsonException)
            {
                // No JSON, so no message.
                return null;
            }
        }
    }

    public override string ToString() => $"{Status} {(Text.Length > 300 ? Text[..300] : Text)}";
}

/// <summary>
/// Sends to a sandbox's data plane what no well-meaning client sends: targets byte for byte as given, tokens and headers
/// of the test's choice. An answer that does not come within <see cref="Patience"/> fails the test.
/// </summary>
internal sealed class SandboxCalls : IDisposable
{
    /// <summary>Against hanging for ever; much longer than any answer takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Uri _server;
    private readonly string _key;

    public SandboxCalls(ApiClient api, Box box)
    {
        (_server, _key) = (api.Http.BaseAddress!, api.Key);
        (Id, Token) = (box.Id, box.Created.String("envd_access_token"));
    }

    public string Id { get; }

    public string Token { get; init; }

    /// <summary>Calls a unary method of a service with a JSON message.</summary>
    public Task<Answer> CallAsync(string method, object message) => SendAsync(HttpMethod.Post, "/" + method, Json(message));

    /// <summary>Opens a stream with one message and returns what its first frames say.</summary>
    public async Task<Answer> OpenAsync(string method, object message)
    {
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(message);
        byte[] frame = new byte[5 + payload.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, 5);
        var content = new ByteArrayContent(frame);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        return await SendAsync(HttpMethod.Post, "/" + method, content, most: 1);
    }

    /// <summary>Sends to the data plane by the server's own address.</summary>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="most">Bytes after which no more is read.</param>
    public Task<Answer> SendAsync(HttpMethod method, string target, HttpContent? content = null, int most = Answer.Most) =>
        SendAsync(Request(method, target, content, ("X-Sandbox-ID", Id), ("X-Access-Token", Token)), most);

    /// <summary>Sends to the control plane.</summary>
    public Task<Answer> ControlAsync(HttpMethod method, string target, HttpContent? content = null, int most = Answer.Most) =>
        SendAsync(Request(method, $"/v1/sandboxes/{Id}{target}", content, ("X-API-Key", _key)), most);

    /// <summary>Opens an answer of which the caller reads what it likes.</summary>
    public Task<HttpResponseMessage> FetchAsync(string target) => _http.SendAsync(
        Request(HttpMethod.Get, target, null, ("X-Sandbox-ID", Id), ("X-Access-Token", Token)), HttpCompletionOption.ResponseHeadersRead);

    public static StringContent Json(object message) => new(JsonSerializer.Serialize(message), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    /// <summary>A form with one file whose name is spelled as given.</summary>
    public static ByteArrayContent Form(string fileName, string text, string? path = null)
    {
        const string boundary = "attack";
        string field = path is null ? "" : $"--{boundary}\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\n{path}\r\n";
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(
            $"{field}--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{fileName}\"\r\n\r\n{text}\r\n--{boundary}--\r\n"));
        content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={boundary}");
        return content;
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string target, HttpContent? content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(
            method, new Uri($"http://{_server.Authority}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = content,
        };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task<Answer> SendAsync(HttpRequestMessage request, int most)
    {
        using (request)
        {
            using var limit = new CancellationTokenSource(Patience);
            using HttpResponseMessage reply = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            await using Stream body = await reply.Content.ReadAsStreamAsync(limit.Token);
            byte[] buffer = new byte[Math.Min(most, 64 * 1024)];
            using var read = new MemoryStream();
            while (read.Length < most && await body.ReadAsync(buffer, limit.Token) is > 0 and var count)
            {
                read.Write(buffer, 0, count);
            }

            return new Answer(
                (int)reply.StatusCode, Encoding.Latin1.GetString(read.ToArray()),
                reply.Headers.Concat(reply.Content.Headers).ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase));
        }
    }
}
