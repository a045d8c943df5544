using System.Buffers;

namespace Atoll.Agent.Tunnels;

/// <summary>Bytes that wait for a socket to take them, in memory that is lent while there are any.</summary>
internal sealed class PendingBytes
{
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start.._end);

    public bool IsEmpty => _start == _end;

    public void Add(ReadOnlySpan<byte> data)
    {
        if (_buffer.Length - _end < data.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_end - _start + data.Length);
            Bytes.CopyTo(larger);
            int count = _end - _start;
            Clear();
            (_buffer, _end) = (larger, count);
        }

        data.CopyTo(_buffer.AsSpan(_end));
        _end += data.Length;
    }

    public void Remove(int count)
    {
        _start += count;
        if (IsEmpty)
        {
            Clear();
        }
    }

    public void Clear()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }
}
