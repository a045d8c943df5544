using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>A place in a ring: the next byte that a follower wants.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Segment">Where its segment's header is, counted over all bytes ever stored.</param>
/// <param name="Offset">How far into the segment's data it is.</param>
internal readonly record struct RingCursor(long Sequence, long Segment, int Offset);

/// <summary>
/// Keeps the newest output of one process, all its streams in the order read, in bounded native memory that grows
/// only as it is used.
/// <code>
///            _head                                         _tail
///   ... gone | hdr data | hdr data | hdr data ... hdr data | free ...      positions count up for ever,
///            First                                         Next            the place in memory is position % size
///   hdr: u32, top two bits = kind, rest = length of data; it counts against the capacity
/// </code>
/// </summary>
internal sealed unsafe class OutputRing : IDisposable
{
    private const int HeaderSize = sizeof(uint);
    private const int KindShift = 30;
    private const int FirstSize = 4 * 1024;

    private readonly int _capacity;
    private readonly int _maxSegment;
    private byte* _memory;
    private int _size;
    private long _head;
    private long _tail;
    private long _lastSegment = -1;

    /// <param name="capacity">Bytes, segment headers included.</param>
    public OutputRing(int capacity)
    {
        _capacity = capacity;
        _maxSegment = Math.Max(1, Math.Min(32 * 1024, (capacity / 8) - HeaderSize));
    }

    /// <summary>The number of the oldest byte that is kept.</summary>
    public long First { get; private set; }

    /// <summary>The number that the next byte will get.</summary>
    public long Next { get; private set; }

    /// <summary>Bytes of memory held now.</summary>
    public int Held => _size;

    /// <summary>How many bytes can surely be appended without dropping any.</summary>
    public int Room => Math.Max(0, Math.Min((int)(_capacity - (_tail - _head)) - HeaderSize, _maxSegment));

    /// <summary>Appends at most <see cref="Room"/> bytes of one stream.</summary>
    public void Append(OutputKind kind, ReadOnlySpan<byte> data)
    {
        if (data.Length > Room)
        {
            throw new ArgumentOutOfRangeException(nameof(data), data.Length, "more than there is room for");
        }

        while (!data.IsEmpty)
        {
            int length = Math.Min(data.Length, _maxSegment);
            if (_lastSegment >= 0 && Header(_lastSegment) is var last && last.Kind == kind && last.Length < _maxSegment)
            {
                length = Math.Min(length, _maxSegment - last.Length);
                Grow(length);
                WriteHeader(_lastSegment, kind, last.Length + length);
            }
            else
            {
                Grow(HeaderSize + length);
                _lastSegment = _tail;
                WriteHeader(_tail, kind, length);
                _tail += HeaderSize;
            }

            Copy(_tail, data[..length]);
            _tail += length;
            Next += length;
            data = data[length..];
        }
    }

    /// <summary>Drops whole segments that lie below <paramref name="floor"/>, oldest first, until there is room.</summary>
    /// <returns>True when there is room for <paramref name="wanted"/> bytes.</returns>
    public bool DropUntilRoom(int wanted, long floor)
    {
        wanted = Math.Min(wanted, _maxSegment);
        while (Room < wanted)
        {
            if (_head == _tail)
            {
                return false;
            }

            int length = Header(_head).Length;
            if (First + length > floor)
            {
                return false;
            }

            if (_head == _lastSegment)
            {
                _lastSegment = -1;
            }

            _head += HeaderSize + length;
            First += length;
        }

        return true;
    }

    /// <summary>Where a number is; a number that is gone gives the oldest place.</summary>
    public RingCursor At(long sequence)
    {
        var cursor = new RingCursor(First, _head, 0);
        while (cursor.Sequence < sequence && cursor.Segment < _tail)
        {
            int length = Header(cursor.Segment).Length;
            if (cursor.Sequence + length > sequence || cursor.Segment == _lastSegment)
            {
                int offset = (int)Math.Min(sequence - cursor.Sequence, length);
                return new RingCursor(cursor.Sequence + offset, cursor.Segment, offset);
            }

            cursor = new RingCursor(cursor.Sequence + length, cursor.Segment + HeaderSize + length, 0);
        }

        return cursor;
    }

    /// <summary>Looks at the bytes of one stream at a place that is not gone; the span is valid until the next append or drop.</summary>
    /// <returns>False when there are none yet.</returns>
    public bool TryPeek(ref RingCursor cursor, int max, out OutputKind kind, out ReadOnlySpan<byte> data)
    {
        kind = default;
        data = default;
        if (cursor.Sequence >= Next)
        {
            return false;
        }

        if (cursor.Segment < _head)
        {
            // Its segment went after it had been read to the end.
            cursor = At(cursor.Sequence);
        }

        (OutputKind found, int length) = Header(cursor.Segment);
        if (cursor.Offset == length)
        {
            cursor = new RingCursor(cursor.Sequence, cursor.Segment + HeaderSize + length, 0);
            (found, length) = Header(cursor.Segment);
        }

        int place = (int)((cursor.Segment + HeaderSize + cursor.Offset) % _size);
        int count = Math.Min(Math.Min(length - cursor.Offset, max), _size - place);
        kind = found;
        data = new ReadOnlySpan<byte>(_memory + place, count);
        return true;
    }

    public static RingCursor Advance(RingCursor cursor, int count) =>
        cursor with { Sequence = cursor.Sequence + count, Offset = cursor.Offset + count };

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        (_size, _head, _tail, First, _lastSegment) = (0, 0, 0, Next, -1);
        GC.SuppressFinalize(this);
    }

    ~OutputRing() => NativeMemory.Free(_memory);

    private (OutputKind Kind, int Length) Header(long position)
    {
        Span<byte> bytes = stackalloc byte[HeaderSize];
        for (int i = 0; i < HeaderSize; i++)
        {
            bytes[i] = _memory[(position + i) % _size];
        }

        uint value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return ((OutputKind)(value >> KindShift), (int)(value & ((1u << KindShift) - 1)));
    }

    private void WriteHeader(long position, OutputKind kind, int length)
    {
        Span<byte> bytes = stackalloc byte[HeaderSize];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)length | ((uint)kind << KindShift));
        Copy(position, bytes);
    }

    private void Copy(long position, ReadOnlySpan<byte> data)
    {
        int place = (int)(position % _size);
        int first = Math.Min(data.Length, _size - place);
        data[..first].CopyTo(new Span<byte>(_memory + place, first));
        data[first..].CopyTo(new Span<byte>(_memory, data.Length - first));
    }

    private void Grow(int more)
    {
        long used = _tail - _head;
        if (used + more <= _size)
        {
            return;
        }

        int size = Math.Max(_size, FirstSize);
        while (size < used + more)
        {
            size *= 2;
        }

        size = Math.Min(size, _capacity);
        byte* old = _memory;
        int oldSize = _size;
        _memory = (byte*)NativeMemory.Alloc((nuint)size);
        _size = size;
        for (long position = _head; position < _tail;)
        {
            int place = (int)(position % oldSize);
            int count = (int)Math.Min(oldSize - place, _tail - position);
            Copy(position, new ReadOnlySpan<byte>(old + place, count));
            position += count;
        }

        NativeMemory.Free(old);
    }
}
