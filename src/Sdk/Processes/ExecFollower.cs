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
            await using EventConnection connection = new(transport, cancellation);
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
}
