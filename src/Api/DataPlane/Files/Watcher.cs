using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Api.DataPlane.Files;

/// <summary>Keeps what happens to a directory for a client that asks for it now and then. What it keeps is bounded.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    /// <summary>Bytes of events that are kept; when more happen, all are dropped and the client is told.</summary>
    public const int MostKept = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _pump;
    private List<FilesystemEvent> _kept = [];
    private long _size;
    private bool _lost;
    private Exception? _failure;

    private Watcher(Func<CancellationToken, IAsyncEnumerable<FileEvent>> watch, Func<FileEvent.Changed, FilesystemEvent> render) =>
        _pump = PumpAsync(watch, render);

    /// <summary>Returns once nothing is missed from then on.</summary>
    public static async Task<Watcher> StartAsync(
        Func<CancellationToken, IAsyncEnumerable<FileEvent>> watch, Func<FileEvent.Changed, FilesystemEvent> render, CancellationToken cancellation)
    {
        var watcher = new Watcher(watch, render);
        try
        {
            await watcher._watching.Task.WaitAsync(cancellation);
            return watcher;
        }
        catch
        {
            await watcher.DisposeAsync();
            throw;
        }
    }

    /// <summary>What happened since this was last asked. A watch that ended says why once all that it saw is taken.</summary>
    public IReadOnlyList<FilesystemEvent> Take()
    {
        lock (_lock)
        {
            if (_lost)
            {
                _lost = false;
                throw Overflow();
            }

            if (_kept.Count == 0 && _failure is { } failure)
            {
                throw new ConnectException(
                    failure is FaultException fault ? ConnectCodes.Of(fault.Fault.Code) : ConnectCode.Internal, "the watch has ended: make another", failure);
            }

            List<FilesystemEvent> taken = _kept;
            (_kept, _size) = ([], 0);
            return taken;
        }
    }

    public static ConnectException Overflow() =>
        new(ConnectCode.DataLoss, "more happened than can be kept: look at the directory again");

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _pump;
        _ended.Dispose();
    }

    private async Task PumpAsync(Func<CancellationToken, IAsyncEnumerable<FileEvent>> watch, Func<FileEvent.Changed, FilesystemEvent> render)
    {
        try
        {
            await foreach (FileEvent happened in watch(_ended.Token))
            {
                switch (happened)
                {
                    case FileEvent.Watching:
                        _watching.TrySetResult();
                        break;
                    case FileEvent.Changed change:
                        Keep(render(change));
                        break;
                    case FileEvent.Overflowed:
                        Lose();
                        break;
                }
            }

            throw new Fault(FaultCode.AgentUnavailable, "the watch has ended").AsException();
        }
        catch (Exception e)
        {
            // Told to whoever asks next; nobody does after disposal.
            lock (_lock)
            {
                _failure = e;
            }

            _watching.TrySetException(e);
        }
    }

    private void Keep(FilesystemEvent happened)
    {
        int size = happened.CalculateSize() + 64;
        lock (_lock)
        {
            if (_lost)
            {
                return;
            }

            if (_size + size <= MostKept)
            {
                _kept.Add(happened);
                _size += size;
                return;
            }
        }

        Lose();
    }

    private void Lose()
    {
        lock (_lock)
        {
            (_kept, _size, _lost) = ([], 0, true);
        }
    }
}
