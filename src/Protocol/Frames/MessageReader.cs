using System.Buffers;
using System.Buffers.Binary;

namespace Atoll.Protocol.Frames;

/// <summary>
/// Cuts a byte stream into messages, in bounded memory, whatever the bytes are.
/// <code>
///   frame:   u32 length | u8 type | u32 stream | payload        length counts what follows it: 5 + payload
///   message: Part* frame      parts of one message follow each other, on its stream, with nothing between
/// </code>
/// Use: fill <see cref="GetBuffer"/>, tell <see cref="Advance"/>, then <see cref="TryRead"/> until it says false.
/// </summary>
public sealed class MessageReader(int maxMessage)
{
    public const int HeaderSize = 9;
    private const int SmallBuffer = 4 * 1024;

    /// <summary>Bytes of the buffer while large frames come: a whole one and room for the next.</summary>
    private const int LargeBuffer = 128 * 1024;

    /// <summary>Reads in a row that fitted a small buffer after which a large one is given back.</summary>
    private const int MaxSmallReads = 16;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _smallReads;
    private byte[]? _parts;
    private int _partsLength;
    private uint _partsStream;
    private bool _partsDone;

    /// <summary>The largest message that is taken, in bytes of payload. May be raised between messages.</summary>
    public int MaxMessage { get; set; } = maxMessage;

    /// <summary>Bytes of memory that this reader holds.</summary>
    public int Held => _buffer.Length + (_parts?.Length ?? 0);

    /// <summary>Room for more bytes; never empty after <see cref="TryRead"/> said false.</summary>
    public Memory<byte> GetBuffer()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        int wanted = WantedSize();
        if (_buffer.Length < wanted || (_start == _end && _buffer.Length > wanted && _smallReads > MaxSmallReads))
        {
            Resize(wanted);
        }
        else if (_start > 0 && _buffer.Length - _end < _buffer.Length / 4)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_end, _start) = (_end - _start, 0);
        }

        return _buffer.AsMemory(_end);
    }

    public void Advance(int count)
    {
        _end += count;
        _smallReads = count <= SmallBuffer ? _smallReads + 1 : 0;
    }

    /// <summary>Takes the next whole message, if it has arrived.</summary>
    /// <exception cref="ProtocolException">The bytes are no message, or one that is too large.</exception>
    public bool TryRead(out Message message)
    {
        if (_partsDone)
        {
            (_parts, _partsLength, _partsDone) = (null, 0, false);
        }

        while (TryReadFrame(out MessageType type, out uint stream, out ReadOnlySpan<byte> payload))
        {
            if (type != MessageType.Part && _parts is null)
            {
                Require(payload.Length <= MaxMessage, "message is too large");
                message = new Message(type, stream, payload);
                return true;
            }

            AddPart(stream, payload);
            if (type != MessageType.Part)
            {
                _partsDone = true;
                message = new Message(type, stream, _parts.AsSpan(0, _partsLength));
                return true;
            }
        }

        message = default;
        return false;
    }

    private bool TryReadFrame(out MessageType type, out uint stream, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start.._end);
        if (!TryReadLength(bytes, out int length) || bytes.Length < sizeof(uint) + length)
        {
            (type, stream) = (default, default);
            payload = default;
            return false;
        }

        type = (MessageType)bytes[4];
        stream = BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]);
        payload = bytes[HeaderSize..(sizeof(uint) + length)];
        _start += sizeof(uint) + length;
        return true;
    }

    private bool TryReadLength(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < sizeof(uint))
        {
            return false;
        }

        uint value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        Require(value >= HeaderSize - sizeof(uint), "frame is shorter than its header");
        Require(value <= HeaderSize - sizeof(uint) + Math.Min(ProtocolLimits.MaxPayload, MaxMessage), "frame is too large");
        length = (int)value;
        return true;
    }

    private void AddPart(uint stream, ReadOnlySpan<byte> payload)
    {
        Require(MaxMessage > ProtocolLimits.MaxPayload, "parts are not taken here");
        Require(_parts is null || _partsStream == stream, "a part of another message came between");
        Require(_partsLength + payload.Length <= MaxMessage, "message is too large");
        _partsStream = stream;
        if (_parts is null || _parts.Length < _partsLength + payload.Length)
        {
            int size = Math.Min(MaxMessage, Math.Max((_parts?.Length ?? 0) * 2, ProtocolLimits.MaxPayload * 2));
            Array.Resize(ref _parts, size);
        }

        payload.CopyTo(_parts.AsSpan(_partsLength));
        _partsLength += payload.Length;
    }

    private int WantedSize()
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start.._end);
        return TryReadLength(bytes, out int length) && sizeof(uint) + length > SmallBuffer ? LargeBuffer : SmallBuffer;
    }

    private void Resize(int size)
    {
        byte[] resized = size > SmallBuffer ? ArrayPool<byte>.Shared.Rent(size) : new byte[size];
        _buffer.AsSpan(_start.._end).CopyTo(resized);
        if (_buffer.Length > SmallBuffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _end, _start, _smallReads) = (resized, _end - _start, 0, 0);
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ProtocolException(message);
        }
    }
}
