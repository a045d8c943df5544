using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Some output. Decoded without a copy: the data is valid until the reader is used again.</summary>
public readonly ref struct Output(bool isError, long sequence, ReadOnlySpan<byte> data)
{
    public bool IsError { get; } = isError;

    /// <summary>The number of the first byte, over both streams.</summary>
    public long Sequence { get; } = sequence;

    public ReadOnlySpan<byte> Data { get; } = data;

    public static Output Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Output(reader.Bool(), reader.Int64(), reader.Rest());
        if (message.Sequence < 0 || message.Data.Length is 0 or > ProtocolLimits.MaxOutput)
        {
            throw new ProtocolException($"output of {message.Data.Length} bytes at {message.Sequence}");
        }

        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Output, stream);
        writer.Bool(IsError);
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
