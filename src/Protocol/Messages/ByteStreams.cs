using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Some bytes of a stream. Decoded without a copy: valid until the reader is used again.</summary>
public static class Data
{
    /// <summary>The bytes, 1 to <see cref="ProtocolLimits.MaxPayload"/> of them.</summary>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> payload) =>
        payload.Length is > 0 and <= ProtocolLimits.MaxPayload ? payload : throw new ProtocolException($"data of {payload.Length} bytes");

    public static void Write(MessageWriter writer, uint stream, ReadOnlySpan<byte> data)
    {
        writer.Begin(MessageType.Data, stream);
        writer.Raw(data);
        writer.End();
    }
}

/// <summary>The other side may send that many more bytes of data.</summary>
/// <param name="Amount">At least 1.</param>
public readonly record struct Window(uint Amount)
{
    public static Window Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Window(reader.UInt32());
        reader.End();
        return message.Amount > 0 ? message : throw new ProtocolException("a window of nothing");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Window, stream);
        writer.UInt32(Amount);
        writer.End();
    }
}

/// <summary>
/// What one side of a byte stream may send and what it may be sent, in bytes. The side that gives credit keeps such an
/// account too, and so sees when the other goes beyond.
/// </summary>
/// <param name="initial">Told when the stream was opened.</param>
public sealed class ByteCredit(long initial)
{
    private long _left = Math.Min(initial, ProtocolLimits.MaxCredit);

    /// <summary>Bytes that may still be sent.</summary>
    public long Left => _left;

    /// <exception cref="ProtocolException">The credit would be larger than any may be.</exception>
    public void Add(uint amount) =>
        _left = _left + amount <= ProtocolLimits.MaxCredit ? _left + amount : throw new ProtocolException("more credit than a stream can have");

    /// <exception cref="ProtocolException">There is not that much.</exception>
    public void Spend(int amount) => _left = amount <= _left ? _left - amount : throw new ProtocolException("more data than there was credit for");
}
