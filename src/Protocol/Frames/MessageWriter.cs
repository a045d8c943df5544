using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Atoll.Protocol.Frames;

/// <summary>Writes messages one after another into a buffer that grows as needed and is lent from the array pool then; splits large ones into parts.</summary>
public sealed class MessageWriter
{
    private readonly byte[] _small;
    private byte[] _buffer;
    private int _messageStart = -1;

    public MessageWriter(int initialSize = 512) => _small = _buffer = new byte[initialSize];

    /// <summary>What has been written and not yet consumed.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(Consumed, Length - Consumed);

    public int Length { get; private set; }

    public int Consumed { get; private set; }

    public bool IsEmpty => Consumed == Length;

    /// <summary>Forgets the first bytes; the room is used again once all are consumed.</summary>
    public void Consume(int count)
    {
        Consumed += count;
        if (Consumed == Length)
        {
            Consumed = Length = 0;
        }
    }

    /// <summary>Gives memory beyond <paramref name="size"/> back after a large message. Only when empty.</summary>
    public void Trim(int size)
    {
        if (IsEmpty && _buffer.Length > size)
        {
            Replace(_small);
        }
    }

    public void Begin(MessageType type, uint stream)
    {
        _messageStart = Length;
        Span<byte> header = Take(MessageReader.HeaderSize);
        header[4] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(header[5..], stream);
    }

    /// <summary>Ends the message begun last.</summary>
    /// <exception cref="ProtocolException">It is larger than the wire allows; it is taken back.</exception>
    public void End()
    {
        int payload = Length - _messageStart - MessageReader.HeaderSize;
        if (payload > ProtocolLimits.MaxMessage)
        {
            Length = _messageStart;
            throw new ProtocolException($"message of {payload} bytes is too large, the limit is {ProtocolLimits.MaxMessage}");
        }

        int parts = payload == 0 ? 0 : (payload - 1) / ProtocolLimits.MaxPayload;
        if (parts > 0)
        {
            Split(parts, payload);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_messageStart), payload + MessageReader.HeaderSize - sizeof(uint));
        }
    }

    /// <summary>Takes the message begun last back.</summary>
    public void Abandon() => Length = _messageStart;

    /// <summary>Room for bytes that the caller writes in place; what is not used goes back by <see cref="Unreserve"/>.</summary>
    public Span<byte> Reserve(int count) => Take(count);

    /// <summary>Gives back the last bytes of what was reserved.</summary>
    public void Unreserve(int count) => Length -= count;

    public void Byte(byte value) => Take(1)[0] = value;

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        Raw(value);
    }

    public void String(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Int32(length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    public void Strings(IReadOnlyCollection<string> values)
    {
        Int32(values.Count);
        foreach (string value in values)
        {
            String(value);
        }
    }

    public void Pairs(IReadOnlyDictionary<string, string> values)
    {
        Int32(values.Count);
        foreach ((string key, string value) in values)
        {
            String(key);
            String(value);
        }
    }

    // Moves the payload's pieces to the back, last first, and puts a header in front of each.
    private void Split(int parts, int payload)
    {
        Span<byte> header = stackalloc byte[MessageReader.HeaderSize];
        Take(parts * MessageReader.HeaderSize);
        int start = _messageStart;
        _buffer.AsSpan(start, MessageReader.HeaderSize).CopyTo(header);
        for (int part = parts; part >= 0; part--)
        {
            int offset = part * ProtocolLimits.MaxPayload;
            int length = Math.Min(ProtocolLimits.MaxPayload, payload - offset);
            int to = start + offset + (part * MessageReader.HeaderSize);
            _buffer.AsSpan(start + MessageReader.HeaderSize + offset, length).CopyTo(_buffer.AsSpan(to + MessageReader.HeaderSize));
            header.CopyTo(_buffer.AsSpan(to));
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(to), length + MessageReader.HeaderSize - sizeof(uint));
            if (part < parts)
            {
                _buffer[to + 4] = (byte)MessageType.Part;
            }
        }
    }

    private void Replace(byte[] buffer)
    {
        if (_buffer != _small)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = buffer;
    }

    private Span<byte> Take(int count)
    {
        if (_buffer.Length - Length < count)
        {
            _buffer.AsSpan(Consumed, Length - Consumed).CopyTo(_buffer);
            (Length, _messageStart, Consumed) = (Length - Consumed, _messageStart - Consumed, 0);
            if (_buffer.Length - Length < count)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + count));
                _buffer.AsSpan(0, Length).CopyTo(larger);
                Replace(larger);
            }
        }

        Span<byte> taken = _buffer.AsSpan(Length, count);
        Length += count;
        return taken;
    }
}
