using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>A path in the sandbox and the user whose home it may be relative to and who owns what is made.</summary>
public readonly record struct PathOf(string Path, string User)
{
    internal static PathOf Read(ref PayloadReader reader) => new(reader.String(ProtocolLimits.MaxPath), reader.String(ProtocolLimits.MaxName));

    internal void Write(MessageWriter writer)
    {
        writer.String(Path);
        writer.String(User);
    }
}

/// <summary>A request that is about one path and says nothing else: stat, make directory, remove.</summary>
public readonly record struct PathRequest(PathOf Path)
{
    public static PathRequest Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new PathRequest(PathOf.Read(ref reader));
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, MessageType type, uint stream)
    {
        writer.Begin(type, stream);
        Path.Write(writer);
        writer.End();
    }
}

/// <summary>Asks for what is below a directory.</summary>
/// <param name="Depth">Levels below it, at least 1.</param>
/// <param name="Credit">Bytes of data that may be sent at first.</param>
public readonly record struct ListFiles(PathOf Path, uint Depth, uint Credit)
{
    public static ListFiles Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new ListFiles(PathOf.Read(ref reader), reader.UInt32(), reader.UInt32());
        reader.End();
        return message.Depth > 0 ? message : throw new ProtocolException("a list of no depth");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.ListFiles, stream);
        Path.Write(writer);
        writer.UInt32(Depth);
        writer.UInt32(Credit);
        writer.End();
    }
}

/// <summary>Asks for the bytes of a file.</summary>
/// <param name="Length">At most; -1 for all.</param>
/// <param name="Credit">Bytes of data that may be sent at first.</param>
public readonly record struct ReadFile(PathOf Path, long Offset, long Length, uint Credit)
{
    public static ReadFile Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new ReadFile(PathOf.Read(ref reader), reader.Int64(), reader.Int64(), reader.UInt32());
        reader.End();
        return message is { Offset: >= 0, Length: >= -1 } ? message : throw new ProtocolException("a range that is none");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.ReadFile, stream);
        Path.Write(writer);
        writer.Int64(Offset);
        writer.Int64(Length);
        writer.UInt32(Credit);
        writer.End();
    }
}

/// <summary>Writes a file whole; its bytes follow as data.</summary>
/// <param name="Mode">Permission bits of a file that is new.</param>
/// <param name="Metadata">Replaces what there was; null leaves it.</param>
public sealed record WriteFile(PathOf Path, uint Mode, IReadOnlyDictionary<string, string>? Metadata)
{
    public static WriteFile Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new WriteFile(
            PathOf.Read(ref reader), reader.UInt32(),
            reader.Bool() ? reader.Pairs(ProtocolLimits.MaxMetadata / 8, ProtocolLimits.MaxMetadata) : null);
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.WriteFile, stream);
        Path.Write(writer);
        writer.UInt32(Mode);
        writer.Bool(Metadata is not null);
        if (Metadata is not null)
        {
            writer.Pairs(Metadata);
        }

        writer.End();
    }
}

/// <summary>Renames a file or directory.</summary>
public readonly record struct MoveFile(PathOf From, PathOf To)
{
    public static MoveFile Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new MoveFile(PathOf.Read(ref reader), PathOf.Read(ref reader));
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.MoveFile, stream);
        From.Write(writer);
        To.Write(writer);
        writer.End();
    }
}

/// <summary>Sets permission bits.</summary>
public readonly record struct SetFileMode(PathOf Path, uint Mode)
{
    public static SetFileMode Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new SetFileMode(PathOf.Read(ref reader), reader.UInt32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.SetFileMode, stream);
        Path.Write(writer);
        writer.UInt32(Mode);
        writer.End();
    }
}

/// <summary>Sets owner and group.</summary>
/// <param name="Owner">A name of /etc/passwd or a number.</param>
public readonly record struct SetFileOwner(PathOf Path, string Owner)
{
    public static SetFileOwner Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new SetFileOwner(PathOf.Read(ref reader), reader.String(ProtocolLimits.MaxName));
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.SetFileOwner, stream);
        Path.Write(writer);
        writer.String(Owner);
        writer.End();
    }
}

/// <summary>Writes the contents of files one after another into one and removes them.</summary>
public sealed record ComposeFiles(PathOf To, IReadOnlyList<PathOf> Sources)
{
    public static ComposeFiles Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        PathOf to = PathOf.Read(ref reader);
        var sources = new PathOf[reader.Count(ProtocolLimits.MaxComposed, 2 * sizeof(int))];
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i] = PathOf.Read(ref reader);
        }

        reader.End();
        return sources.Length > 0 ? new ComposeFiles(to, sources) : throw new ProtocolException("nothing to compose");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.ComposeFiles, stream);
        To.Write(writer);
        writer.Int32(Sources.Count);
        foreach (PathOf source in Sources)
        {
            source.Write(writer);
        }

        writer.End();
    }
}
