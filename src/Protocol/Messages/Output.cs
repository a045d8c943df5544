using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Where a process's output came from. The numbers are the wire's.</summary>
public enum OutputKind : byte
{
    StandardOutput = 0,
    StandardError = 1,

    /// <summary>Both, through the process's terminal.</summary>
    Terminal = 2,
}

/// <summary>Some output. Decoded without a copy: the data is valid until the reader is used again.</summary>
public readonly ref struct Output(OutputKind kind, long sequence, ReadOnlySpan<byte> data)
{
    public OutputKind Kind { get; } = kind;

    /// <summary>The number of the first byte, over all its streams.</summary>
    public long Sequence { get; } = sequence;

    public ReadOnlySpan<byte> Data { get; } = data;

    public static Output Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Output((OutputKind)reader.Byte(), reader.Int64(), reader.Rest());
        if (message.Kind > OutputKind.Terminal || message.Sequence < 0 || message.Data.Length is 0 or > ProtocolLimits.MaxOutput)
        {
            throw new ProtocolException($"output of {message.Data.Length} bytes of kind {(byte)message.Kind} at {message.Sequence}");
        }

        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Output, stream);
        writer.Byte((byte)Kind);
        writer.Int64(Sequence);
        writer.Raw(Data);
        writer.End();
    }
}

/// <summary>The bytes from one number up to, not including, another are gone.</summary>
public readonly record struct Dropped(long From, long To)
{
    public static Dropped Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Dropped(reader.Int64(), reader.Int64());
        reader.End();
        return message.From >= 0 && message.To > message.From ? message : throw new ProtocolException("an empty drop");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Dropped, stream);
        writer.Int64(From);
        writer.Int64(To);
        writer.End();
    }
}

/// <summary>How the process ended; the last message of an attached stream.</summary>
/// <param name="Code">The exit code; 128 + <paramref name="Signal"/> when a signal ended it.</param>
/// <param name="Signal">0 for none.</param>
public readonly record struct Exited(int Code, int Signal)
{
    public static Exited Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Exited(reader.Int32(), reader.Int32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Exited, stream);
        writer.Int32(Code);
        writer.Int32(Signal);
        writer.End();
    }
}
