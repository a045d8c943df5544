using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>
/// Bytes for a process's input, answered once they are all in it. Decoded without a copy: the data is valid until the
/// reader is used again.
/// </summary>
public readonly ref struct WriteInput(int pid, ReadOnlySpan<byte> data)
{
    public int Pid { get; } = pid;

    /// <summary>1 byte to <see cref="ProtocolLimits.MaxInput"/>.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;

    public static WriteInput Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new WriteInput(reader.Int32(), reader.Rest());
        return message.Data.Length is > 0 and <= ProtocolLimits.MaxInput
            ? message
            : throw new ProtocolException($"input of {message.Data.Length} bytes");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.WriteInput, stream);
        writer.Int32(Pid);
        writer.Raw(Data);
        writer.End();
    }
}

/// <summary>Ends a process's input behind what was written before; answered when it has ended.</summary>
public readonly record struct CloseInput(int Pid)
{
    public static CloseInput Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new CloseInput(reader.Int32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.CloseInput, stream);
        writer.Int32(Pid);
        writer.End();
    }
}

/// <summary>Gives a process's terminal another size.</summary>
public readonly record struct Resize(int Pid, WindowSize Size)
{
    public static Resize Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Resize(reader.Int32(), new WindowSize(reader.UInt16(), reader.UInt16()));
        reader.End();
        return message.Size.IsValid ? message : throw new ProtocolException("a terminal with a side of 0");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Resize, stream);
        writer.Int32(Pid);
        writer.UInt16(Size.Columns);
        writer.UInt16(Size.Rows);
        writer.End();
    }
}
