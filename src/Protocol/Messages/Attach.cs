using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Follows a process's output on this stream until its exit, a <see cref="Detach"/> or an error.</summary>
/// <param name="FromSequence">The first byte wanted.</param>
/// <param name="Credit">How much may be sent before more is given.</param>
public sealed record Attach(int Pid, long FromSequence, uint Credit)
{
    public static Attach Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Attach(reader.Int32(), reader.Int64(), reader.UInt32());
        reader.End();
        return message.FromSequence >= 0 ? message : throw new ProtocolException("a negative sequence number");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Attach, stream);
        writer.Int32(Pid);
        writer.Int64(FromSequence);
        writer.UInt32(Credit);
        writer.End();
    }
}

/// <summary>The reader has consumed all before a sequence number, and that much more may be sent.</summary>
public readonly record struct Credit(uint Amount, long ConsumedTo)
{
    public static Credit Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Credit(reader.UInt32(), reader.Int64());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Credit, stream);
        writer.UInt32(Amount);
        writer.Int64(ConsumedTo);
        writer.End();
    }
}

/// <summary>Messages that are nothing but their type.</summary>
public static class Bare
{
    public static void Write(MessageWriter writer, MessageType type, uint stream)
    {
        writer.Begin(type, stream);
        writer.End();
    }

    public static void Read(ReadOnlySpan<byte> payload) => new PayloadReader(payload).End();
}
