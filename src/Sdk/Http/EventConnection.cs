namespace Atoll.Sdk.Http;

/// <summary>One connection to an event stream. Tells a break apart from a refusal: a break is returned, the rest is thrown.</summary>
internal sealed class EventConnection(Transport transport, CancellationToken caller) : IAsyncDisposable
{
    private readonly CancellationTokenSource _idle = CancellationTokenSource.CreateLinkedTokenSource(caller);
    private HttpResponseMessage? _response;
    private EventReader? _reader;

    public async Task<AtollException?> OpenAsync(string path, string? lastId)
    {
        try
        {
            _response = await transport.OpenStreamAsync(path, lastId, caller).ConfigureAwait(false);
            Stream body = await _response.Content.ReadAsStreamAsync(caller).ConfigureAwait(false);
            _reader = new EventReader(body);
            return null;
        }
        catch (AtollException exception) when (exception is ConnectionException or RequestTimeoutException
            || exception is ServerException { StatusCode: var status } && (int)status is 500 or 502 or 503 or 504)
        {
            return exception;
        }
    }

    /// <summary>The next event; null at the end of the stream, or with what broke it.</summary>
    public async Task<(ServerEvent? Event, AtollException? Broken)> ReadAsync()
    {
        Uri server = transport.Options.BaseUrl;
        try
        {
            _idle.CancelAfter(transport.Options.StreamIdleTimeout);
            return (await _reader!.ReadAsync(_idle.Token).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return (null, new RequestTimeoutException(server, transport.Options.StreamIdleTimeout));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, new ConnectionException(server, "the connection of an event stream broke", exception));
        }
    }

    public ValueTask DisposeAsync()
    {
        _response?.Dispose();
        _idle.Dispose();
        return ValueTask.CompletedTask;
    }
}
