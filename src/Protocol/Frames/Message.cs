namespace Atoll.Protocol.Frames;

/// <summary>One whole message as it came off the wire. The payload is valid until the reader is used again.</summary>
public readonly ref struct Message(MessageType type, uint stream, ReadOnlySpan<byte> payload)
{
    public MessageType Type { get; } = type;

    public uint Stream { get; } = stream;

    public ReadOnlySpan<byte> Payload { get; } = payload;
}
