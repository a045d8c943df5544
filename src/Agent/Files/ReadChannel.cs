using Atoll.Agent.Connections;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>Sends the bytes of a file: a thread fills one buffer while the loop sends the other.</summary>
internal sealed class ReadChannel(Connection connection, uint stream, FileWorkers workers, GuestPaths paths, ReadFile request)
    : FileChannel(connection, stream, workers, request.Credit, 0)
{
    private const int ChunkSize = 128 * 1024;

    private Descriptor? _file;
    private NativeBuffer? _sending;
    private NativeBuffer? _filling;
    private int _sent;
    private int _toSend;
    private int _filled;
    private long _offset;
    private long _left;
    private bool _atEnd;
    private FileStat? _stat;

    protected override bool NeedsCleaning => _file is not null || _filling is not null;

    // Nothing comes from the host that would have to end.
    protected override bool IsOver => true;

    public void Start() => Work(Open, () =>
    {
        Connection.Write(writer => _stat!.Write(writer, Stream));
        Turn();
    });

    protected override int Produce(Span<byte> into)
    {
        if (_sent == _toSend)
        {
            return _atEnd && !IsBusy && _filled == 0 ? -1 : 0;
        }

        int count = Math.Min(into.Length, _toSend - _sent);
        _sending!.Span.Slice(_sent, count).CopyTo(into);
        _sent += count;
        if (_sent == _toSend && !IsBusy)
        {
            Swap();
        }

        return count;
    }

    protected override void Clean()
    {
        _file?.Dispose();
        _sending?.Dispose();
        _filling?.Dispose();
        (_file, _sending, _filling) = (null, null, null);
    }

    private void Open()
    {
        GuestPath path = paths.Resolve(request.Path);
        (_file, FileStatus status) = RegularFile.Open(path);
        _filling = new NativeBuffer(ChunkSize);
        _offset = request.Offset;
        long there = status.Size > 0 ? Math.Max(0, status.Size - request.Offset) : long.MaxValue;
        _left = request.Length < 0 ? there : Math.Min(request.Length, there);
        _stat = paths.Tell(path, status);
        Fill();
        if (status.Size == 0 && _filled > 0)
        {
            // Made as it is read, as in /proc: its size is known when all of it is here.
            _stat = _stat with { Size = _atEnd && request.Length < 0 ? request.Offset + _filled : -1 };
        }
    }

    private void Fill()
    {
        int wanted = (int)Math.Min(ChunkSize, _left);
        while (_filled < wanted && !IsGivenUp)
        {
            int count = FileBytes.Read(_file!, _filling!.Span[_filled..wanted], _offset);
            if (count == 0)
            {
                _atEnd = true;
                return;
            }

            _filled += count;
            _offset += count;
        }

        _left -= _filled;
        _atEnd = _left == 0;
    }

    // What was filled is sent next, and the other buffer is filled.
    private void Swap()
    {
        (_sending, _filling) = (_filling, _sending);
        (_sent, _toSend, _filled) = (0, _filled, 0);
        if (_atEnd)
        {
            return;
        }

        Work(
            () =>
            {
                _filling ??= new NativeBuffer(ChunkSize);
                Fill();
            },
            () =>
            {
                if (_sent == _toSend)
                {
                    Turn();
                }
            });
    }

    private void Turn()
    {
        Swap();
        Pump();
    }
}
