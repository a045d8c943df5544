using System.Runtime.CompilerServices;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>
/// Follows one command's event stream to its end over as many connections as it takes.
/// <code>
///   1. connect          (Last-Event-ID of the last event taken)
///   2. take events      end -> done;  error -> ExecFailedException
///   3. connection broke or fell silent: pause, back to 1; give up after MaxRetries connections that brought nothing new
/// </code>
/// Output is reported once: an event that a server repeats after a reconnect has an id that was taken already.
/// </summary>
internal sealed class ExecFollower(Transport transport, string path)
{
    private string? _lastId;
    private string? _resumedAt;
    private int? _pid;
    private bool _tookOutput;

    public async IAsyncEnumerable<ExecEvent> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (int failed = 0; ;)
        {
            await using Connection connection = new(transport, cancellation);
            _resumedAt = _lastId;
            AtollException? broken = await connection.OpenAsync(path, _resumedAt).ConfigureAwait(false);
            while (broken is null)
            {
                (ServerEvent? source, broken) = await connection.ReadAsync().ConfigureAwait(false);
                if (source is not { } item)
                {
                    break;
                }
                if (Accept(item) is not { } accepted)
                {
                    failed = item.Name == "keepalive" ? 0 : failed;
                    continue;
                }
                failed = 0;
                yield return accepted;
                if (accepted is ExecEvent.Ended)
                {
                    yield break;
                }
            }
            broken ??= new ConnectionException(transport.Options.BaseUrl, "the command's stream ended before the command");
            await RecoverAsync(broken, ++failed, cancellation).ConfigureAwait(false);
        }
    }

    private ExecEvent? Accept(ServerEvent source)
    {
        ExecEvent? item = ExecMessage.Parse(source);
        bool isOutput = item is ExecEvent.Stdout or ExecEvent.Stderr;
        if (isOutput && IsRepeated(source.Id))
        {
            return null;
        }
        _tookOutput |= isOutput;
        _lastId = source.Id ?? _lastId;
        if (item is not ExecEvent.Started started)
        {
            return item;
        }
        if (_pid is { } pid)
        {
            return pid == started.Pid
                ? null
                : throw new ExecFailedException("replaced", "the command ended while the connection was down, and another was started since");
        }
        _pid = started.Pid;
        return item;
    }

    private bool IsRepeated(string? id) =>
        long.TryParse(id, out long number) && long.TryParse(_resumedAt, out long last) && number <= last;

    private async Task RecoverAsync(AtollException broken, int failed, CancellationToken cancellation)
    {
        bool wouldRepeat = _tookOutput && _lastId is null;
        TimeSpan? pause = transport.Retries.Next(failed);
        if (pause is null || wouldRepeat)
        {
            throw broken;
        }
        await Task.Delay(pause.Value, transport.Options.TimeProvider, cancellation).ConfigureAwait(false);
    }

    /// <summary>One connection. Tells a break apart from a refusal: a break is returned, the rest is thrown.</summary>
    private sealed class Connection(Transport transport, CancellationToken caller) : IAsyncDisposable
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
                || exception is ServerException server && RetryPolicy.IsTransient(server.StatusCode))
            {
                return exception;
            }
        }

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
                return (null, new ConnectionException(server, "the connection broke while a command ran", exception));
            }
        }

        public ValueTask DisposeAsync()
        {
            _response?.Dispose();
            _idle.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
