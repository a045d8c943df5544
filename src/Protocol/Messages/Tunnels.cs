using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Connects to a TCP port of the sandbox's loopback addresses; opens a byte stream both ways.</summary>
/// <param name="Port">1 to 65535.</param>
/// <param name="Credit">Bytes that the agent may send at first.</param>
public readonly record struct OpenTunnel(ushort Port, uint Credit)
{
    public static OpenTunnel Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new OpenTunnel(reader.UInt16(), reader.UInt32());
        reader.End();
        return message.Port > 0 ? message : throw new ProtocolException("port 0");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.OpenTunnel, stream);
        writer.UInt16(Port);
        writer.UInt32(Credit);
        writer.End();
    }
}

/// <summary>A program has accepted the connection.</summary>
/// <param name="Credit">Bytes that the host may send at first.</param>
public readonly record struct TunnelOpened(uint Credit)
{
    public static TunnelOpened Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new TunnelOpened(reader.UInt32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.TunnelOpened, stream);
        writer.UInt32(Credit);
        writer.End();
    }
}
