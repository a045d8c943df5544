using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Sdk.Http;

/// <summary>Sends requests: credentials, time limits, retries, the envelope, and failures turned into exceptions.</summary>
internal sealed class Transport : IDisposable
{
    private readonly HttpClient _http;
    private readonly RetryPolicy _retries;

    public Transport(AtollClientOptions options)
    {
        if (!options.BaseUrl.IsAbsoluteUri || options.BaseUrl.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"'{options.BaseUrl}' is not an absolute http or https URL", nameof(options));
        }
        Options = options;
        _retries = new RetryPolicy(options);
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would carry the key to wherever the reply points.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !options.BaseUrl.IsLoopback,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            BaseAddress = new Uri(options.BaseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("atoll-sdk-dotnet", "0.1.0"));
        if (!string.IsNullOrEmpty(options.ApiKey)
            && !_http.DefaultRequestHeaders.TryAddWithoutValidation("X-API-Key", options.ApiKey))
        {
            throw new ArgumentException("the API key holds characters that no key has", nameof(options));
        }
    }

    public AtollClientOptions Options { get; }

    public RetryPolicy Retries => _retries;

    /// <summary>Sends and reads the reply's <c>data</c>, or the whole body when it has no envelope.</summary>
    public async Task<T> SendAsync<T>(ApiRequest request, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        using HttpResponseMessage? response = await RespondAsync(request, cancellation).ConfigureAwait(false);
        return response is null
            ? throw new ProtocolException("a repeated request found nothing where a reply was expected")
            : await ReadAsync(response, type, request, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends and reads the reply's body as text, at most a mebibyte of it.</summary>
    public async Task<string> SendForTextAsync(ApiRequest request, CancellationToken cancellation)
    {
        const int most = 1024 * 1024;
        using HttpResponseMessage? response = await RespondAsync(request, cancellation).ConfigureAwait(false);
        using Patience patience = new(request.Timeout ?? Options.RequestTimeout, Options.TimeProvider, cancellation);
        using Stream body = await response!.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
        byte[] buffer = new byte[most];
        int length = await TranslateAsync(
            body.ReadAtLeastAsync(buffer, most, throwOnEndOfStream: false, patience.Token).AsTask(), patience.Limit, patience.Token, cancellation).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    /// <summary>Sends and ignores what a successful reply says.</summary>
    public async Task SendAsync(ApiRequest request, CancellationToken cancellation) =>
        (await RespondAsync(request, cancellation).ConfigureAwait(false))?.Dispose();

    /// <summary>Opens an event stream: one attempt, no limit on its length. The caller disposes of the reply.</summary>
    public async Task<HttpResponseMessage> OpenStreamAsync(string path, string? lastEventId, CancellationToken cancellation)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, path);
        message.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            message.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }
        using Patience patience = new(Options.RequestTimeout, Options.TimeProvider, cancellation);
        return await OpenAsync(message, patience).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends once and returns the reply when its head is there: the body is the caller's to read, the reply to dispose of.
    /// </summary>
    /// <param name="message">With a body of any length, which may prolong the patience as it is sent.</param>
    /// <param name="patience">How long the head of the reply may take.</param>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage message, Patience patience)
    {
        HttpResponseMessage response = await AttemptAsync(message, patience.Limit, patience.Token, patience.Caller).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }
        using (response)
        {
            patience.Renew();
            throw ApiException.From(await FailureAsync(response, patience.Limit, patience.Token, patience.Caller).ConfigureAwait(false));
        }
    }

    /// <summary>Reads what a reply's body says next, within the patience.</summary>
    public Task<int> ReadAsync(Stream body, Memory<byte> buffer, Patience patience) =>
        TranslateAsync(body.ReadAsync(buffer, patience.Token).AsTask(), patience.Limit, patience.Token, patience.Caller);

    public void Dispose() => _http.Dispose();

    /// <summary>The successful reply; null when a repeated DELETE finds that its first attempt did the work.</summary>
    private async Task<HttpResponseMessage?> RespondAsync(ApiRequest request, CancellationToken cancellation)
    {
        TimeSpan patience = request.Timeout ?? Options.RequestTimeout;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        for (int failed = 0; ;)
        {
            ApiFailure failure;
            TimeSpan? pause;
            try
            {
                using HttpRequestMessage message = Render(request);
                HttpResponseMessage response = await AttemptAsync(message, patience, limit.Token, cancellation).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }
                using (response)
                {
                    if (failed > 0 && request.Method == HttpMethod.Delete && response.StatusCode is HttpStatusCode.NotFound)
                    {
                        return null;
                    }
                    failure = await FailureAsync(response, patience, limit.Token, cancellation).ConfigureAwait(false);
                }
                pause = RetryPolicy.IsUnderWay(failure) ? _retries.Soon(failure.RetryAfter)
                    : RetryPolicy.IsTransient(request.Method, failure) ? _retries.Next(++failed, failure.RetryAfter)
                    : null;
                if (pause is null)
                {
                    throw ApiException.From(failure);
                }
            }
            catch (ConnectionException) when ((pause = _retries.Next(++failed)) is not null)
            {
                // Fall through to the pause.
            }
            await PauseAsync(pause.Value, patience, limit.Token, cancellation).ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(TimeSpan pause, TimeSpan patience, CancellationToken limit, CancellationToken caller)
    {
        try
        {
            await Task.Delay(pause, Options.TimeProvider, limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            throw new RequestTimeoutException(Options.BaseUrl, patience);
        }
    }

    private Task<HttpResponseMessage> AttemptAsync(
        HttpRequestMessage message, TimeSpan patience, CancellationToken limit, CancellationToken caller) =>
        TranslateAsync(_http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit), patience, limit, caller);

    private Task<ApiFailure> FailureAsync(
        HttpResponseMessage response, TimeSpan patience, CancellationToken limit, CancellationToken caller) =>
        TranslateAsync(ErrorReply.ReadAsync(response, Options.TimeProvider, limit), patience, limit, caller);

    /// <summary>Turns what the HTTP stack throws into this library's exceptions.</summary>
    private async Task<T> TranslateAsync<T>(Task<T> work, TimeSpan patience, CancellationToken limit, CancellationToken caller)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!caller.IsCancellationRequested)
        {
            throw limit.IsCancellationRequested
                ? new RequestTimeoutException(Options.BaseUrl, patience)
                : new ConnectionException(Options.BaseUrl, "connecting took too long", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new ConnectionException(Options.BaseUrl, (exception.InnerException ?? exception).Message, exception);
        }
    }

    private static HttpRequestMessage Render(ApiRequest request)
    {
        HttpRequestMessage message = new(request.Method, request.Path);
        message.Headers.Accept.ParseAdd("application/json");
        if (request.IdempotencyKey is not null)
        {
            message.Headers.Add("Idempotency-Key", request.IdempotencyKey);
        }
        if (request.Body is not null)
        {
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return message;
    }

    private async Task<T> ReadAsync<T>(
        HttpResponseMessage response, JsonTypeInfo<T> type, ApiRequest request, CancellationToken cancellation)
        where T : class
    {
        using Patience patience = new(request.Timeout ?? Options.RequestTimeout, Options.TimeProvider, cancellation);
        return await ReadAsync(response, type, request.Path, patience).ConfigureAwait(false);
    }

    /// <summary>Reads the <c>data</c> of a reply to a request that <see cref="OpenAsync"/> sent.</summary>
    public async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, string path, Patience patience)
        where T : class
    {
        try
        {
            using Stream body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            using JsonDocument document = await TranslateAsync(
                JsonDocument.ParseAsync(body, default, patience.Token), patience.Limit, patience.Token, patience.Caller).ConfigureAwait(false);
            return Unwrap(document.RootElement).Deserialize(type) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new ProtocolException($"{Options.BaseUrl} does not answer like an Atoll server at {path}: check the URL", exception);
        }
    }

    /// <summary><c>{"success":true,"data":…}</c> gives the data; a body without the envelope gives itself.</summary>
    private static JsonElement Unwrap(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("success", out _)
            && root.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Object
            ? data
            : root;
}
