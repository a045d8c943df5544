using Atoll.Agent.Connections;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>Takes the bytes of a file: the loop gathers what comes while a thread writes what came before.</summary>
internal sealed class WriteChannel(Connection connection, uint stream, FileWorkers workers, GuestPaths paths, WriteFile request)
    : FileChannel(connection, stream, workers, 0, ProtocolLimits.WriteWindow)
{
    private readonly Lock _lock = new();
    private readonly Queue<(NativeBuffer Buffer, int Length)> _gathered = [];
    private Replacement? _replacement;
    private FileStat? _result;
    private int _written;
    private bool _hasEnded;
    private bool _isBegun;

    protected override bool NeedsCleaning => _replacement is not null || _gathered.Count > 0;

    public void Start() => Work(
        () =>
        {
            GuestPath path = paths.Resolve(request.Path);
            _replacement = Replacement.Begin(path, request.Mode, request.Metadata);
            _isBegun = true;
            WriteGathered();
        },
        Next);

    protected override void Take(ReadOnlySpan<byte> data)
    {
        var buffer = new NativeBuffer(data.Length);
        data.CopyTo(buffer.Span);
        lock (_lock)
        {
            _gathered.Enqueue((buffer, data.Length));
        }

        WriteIfIdle();
    }

    protected override void TakeEnd()
    {
        lock (_lock)
        {
            _hasEnded = true;
        }

        WriteIfIdle();
    }

    protected override void Clean()
    {
        _replacement?.Dispose();
        _replacement = null;
        while (TryTake(out (NativeBuffer Buffer, int Length) piece, out _))
        {
            piece.Buffer.Dispose();
        }
    }

    private void WriteIfIdle()
    {
        if (!IsBusy && _isBegun)
        {
            Work(WriteGathered, Next);
        }
    }

    // On the loop, with what the thread has done.
    private void Next()
    {
        if (_result is not null)
        {
            Finish(_result.Write);
            return;
        }

        int written = _written;
        _written = 0;
        Consumed(written);
        bool more;
        lock (_lock)
        {
            more = _gathered.Count > 0 || _hasEnded;
        }

        if (more && !IsGivenUp)
        {
            Work(WriteGathered, Next);
        }
    }

    private void WriteGathered()
    {
        bool ended;
        while (TryTake(out (NativeBuffer Buffer, int Length) piece, out ended))
        {
            using (piece.Buffer)
            {
                if (!IsGivenUp)
                {
                    _replacement!.Write(piece.Buffer.Span[..piece.Length]);
                    _written += piece.Length;
                }
            }

            if (_written >= ProtocolLimits.WriteWindow / 4)
            {
                // The loop gives credit for it.
                return;
            }
        }

        if (ended && !IsGivenUp)
        {
            (GuestPath path, Atoll.Linux.FileStatus status) = _replacement!.Commit();
            _result = paths.Tell(path, status);
            _replacement.Dispose();
            _replacement = null;
        }
    }

    private bool TryTake(out (NativeBuffer Buffer, int Length) piece, out bool ended)
    {
        lock (_lock)
        {
            ended = _hasEnded;
            return _gathered.TryDequeue(out piece);
        }
    }
}
