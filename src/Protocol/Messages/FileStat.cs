using System.Text;
using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>The kinds of files that are told apart. The numbers are the wire's.</summary>
public enum WireFileKind : byte
{
    File = 0,
    Directory = 1,
    SymbolicLink = 2,
    Other = 3,
}

/// <summary>What is at a path; the answer to most requests about files, and what lists and watches are made of.</summary>
public sealed record FileStat
{
    /// <summary>Absolute; in a list relative to the directory that was asked for.</summary>
    public required string Path { get; init; }

    public WireFileKind Kind { get; init; }

    /// <summary>Bytes; -1 when the kernel does not know before the end was read.</summary>
    public long Size { get; init; }

    public uint Mode { get; init; }

    public string Owner { get; init; } = "";

    public string Group { get; init; } = "";

    /// <summary>Nanoseconds since 1970 in UTC.</summary>
    public long ModifiedNanoseconds { get; init; }

    /// <summary>Null for what is no symbolic link.</summary>
    public string? LinkTarget { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public static FileStat Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        FileStat stat = Read(ref reader);
        reader.End();
        return stat;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.FileStat, stream);
        WriteFields(writer);
        writer.End();
    }

    /// <summary>One record of a stream of many: an i32 length and the fields.</summary>
    public void WriteRecord(MessageWriter writer)
    {
        writer.Int32(FieldsLength());
        WriteFields(writer);
    }

    internal static FileStat Read(ref PayloadReader reader)
    {
        string path = reader.String(ProtocolLimits.MaxPath);
        var kind = (WireFileKind)reader.Byte();
        if (kind > WireFileKind.Other)
        {
            throw new ProtocolException($"file kind {kind}");
        }

        return new FileStat
        {
            Path = path,
            Kind = kind,
            Size = reader.Int64(),
            Mode = reader.UInt32(),
            Owner = reader.String(ProtocolLimits.MaxName),
            Group = reader.String(ProtocolLimits.MaxName),
            ModifiedNanoseconds = reader.Int64(),
            LinkTarget = reader.Bool() ? reader.String(ProtocolLimits.MaxLinkTarget) : null,
            Metadata = reader.Pairs(ProtocolLimits.MaxMetadata / 8, ProtocolLimits.MaxMetadata),
        };
    }

    internal void WriteFields(MessageWriter writer)
    {
        writer.String(Path);
        writer.Byte((byte)Kind);
        writer.Int64(Size);
        writer.UInt32(Mode);
        writer.String(Owner);
        writer.String(Group);
        writer.Int64(ModifiedNanoseconds);
        writer.Bool(LinkTarget is not null);
        if (LinkTarget is not null)
        {
            writer.String(LinkTarget);
        }

        writer.Pairs(Metadata);
    }

    /// <summary>Bytes of the fields on the wire.</summary>
    internal int FieldsLength() =>
        Text(Path) + 1 + 8 + 4 + Text(Owner) + Text(Group) + 8 + 1 + (LinkTarget is null ? 0 : Text(LinkTarget)) + 4
        + Metadata.Sum(pair => Text(pair.Key) + Text(pair.Value));

    private static int Text(string value) => sizeof(int) + Encoding.UTF8.GetByteCount(value);
}
