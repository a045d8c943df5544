using System.Text;
using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Asks for what happens in a directory.</summary>
/// <param name="Credit">Bytes of data that may be sent at first.</param>
public readonly record struct WatchFiles(PathOf Path, bool Recursive, uint Credit)
{
    public static WatchFiles Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new WatchFiles(PathOf.Read(ref reader), reader.Bool(), reader.UInt32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.WatchFiles, stream);
        Path.Write(writer);
        writer.Bool(Recursive);
        writer.UInt32(Credit);
        writer.End();
    }
}

/// <summary>What happened. The numbers are the wire's.</summary>
public enum WireFileChange : byte
{
    Created = 0,
    Written = 1,
    Removed = 2,
    Renamed = 3,
    ModeChanged = 4,

    /// <summary>Events were lost.</summary>
    Overflowed = 5,
}

/// <summary>One event of a watched directory: a record of the watch's stream.</summary>
/// <param name="Name">Relative to the watched directory; empty for an overflow.</param>
/// <param name="Stat">What is there now; null when nothing is.</param>
public sealed record FileChanged(WireFileChange Change, string Name, FileStat? Stat)
{
    /// <param name="record">Without its length.</param>
    public static FileChanged Read(ReadOnlySpan<byte> record)
    {
        var reader = new PayloadReader(record);
        var change = (WireFileChange)reader.Byte();
        if (change > WireFileChange.Overflowed)
        {
            throw new ProtocolException($"file change {change}");
        }

        var message = new FileChanged(change, reader.String(ProtocolLimits.MaxPath), reader.Bool() ? FileStat.Read(ref reader) : null);
        reader.End();
        return message;
    }

    /// <summary>An i32 length and the fields.</summary>
    public void WriteRecord(MessageWriter writer)
    {
        writer.Int32(1 + sizeof(int) + Encoding.UTF8.GetByteCount(Name) + 1 + (Stat?.FieldsLength() ?? 0));
        writer.Byte((byte)Change);
        writer.String(Name);
        writer.Bool(Stat is not null);
        Stat?.WriteFields(writer);
    }
}
