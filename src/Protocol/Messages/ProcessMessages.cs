using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Sends a signal to a process or to its whole group.</summary>
public readonly record struct Signal(int Pid, int Number, bool WholeGroup)
{
    public static Signal Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Signal(reader.Int32(), reader.Int32(), reader.Bool());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Signal, stream);
        writer.Int32(Pid);
        writer.Int32(Number);
        writer.Bool(WholeGroup);
        writer.End();
    }
}

/// <summary>Forgets an ended process.</summary>
public readonly record struct Forget(int Pid)
{
    public static Forget Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Forget(reader.Int32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Forget, stream);
        writer.Int32(Pid);
        writer.End();
    }
}

/// <summary>Asks for the next page of processes, by pid.</summary>
public readonly record struct List(int AfterPid)
{
    public static List Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new List(reader.Int32());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.List, stream);
        writer.Int32(AfterPid);
        writer.End();
    }
}

/// <summary>One process as the agent knows it.</summary>
/// <param name="Exit">Null while it runs.</param>
public sealed record ProcessEntry(
    int Pid, string Tag, IReadOnlyList<string> Arguments, string WorkingDirectory, long StartedAtMilliseconds, Exited? Exit)
{
    /// <summary>Bytes of an entry in which everything that can be empty is.</summary>
    public const int MinSize = 38;

    /// <summary>What its starter put over the configured environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public bool HasTerminal { get; init; }
}

/// <summary>A page of processes; the last entry's pid asks for the next one.</summary>
public sealed record ProcessPage(IReadOnlyList<ProcessEntry> Entries, bool More)
{
    public static ProcessPage Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        bool more = reader.Bool();
        var entries = new ProcessEntry[reader.Count(ProtocolLimits.MaxPayload, ProcessEntry.MinSize)];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = ReadEntry(ref reader);
        }

        reader.End();
        return more && entries.Length == 0 ? throw new ProtocolException("an empty page with more to come") : new ProcessPage(entries, more);
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Processes, stream);
        writer.Bool(More);
        writer.Int32(Entries.Count);
        foreach (ProcessEntry entry in Entries)
        {
            WriteEntry(writer, entry);
        }

        writer.End();
    }

    private static ProcessEntry ReadEntry(ref PayloadReader reader)
    {
        int pid = reader.Int32();
        string tag = reader.String(ProtocolLimits.MaxName);
        string[] arguments = reader.Strings(ProtocolLimits.MaxArguments, ProtocolLimits.MaxListedArguments);
        string directory = reader.String(ProtocolLimits.MaxPath);
        long startedAt = reader.Int64();
        bool ended = reader.Bool();
        var exit = new Exited(reader.Int32(), reader.Int32());
        return new ProcessEntry(pid, tag, arguments, directory, startedAt, ended ? exit : null)
        {
            Environment = reader.Pairs(ProtocolLimits.MaxVariables, ProtocolLimits.MaxListedEnvironment),
            HasTerminal = reader.Bool(),
        };
    }

    private static void WriteEntry(MessageWriter writer, ProcessEntry entry)
    {
        writer.Int32(entry.Pid);
        writer.String(entry.Tag);
        writer.Strings(entry.Arguments);
        writer.String(entry.WorkingDirectory);
        writer.Int64(entry.StartedAtMilliseconds);
        writer.Bool(entry.Exit is not null);
        writer.Int32(entry.Exit?.Code ?? 0);
        writer.Int32(entry.Exit?.Signal ?? 0);
        writer.Pairs(entry.Environment);
        writer.Bool(entry.HasTerminal);
    }
}

/// <summary>Asks for, or gives, a sign of life; the answer carries the same number.</summary>
public readonly record struct Ping(long Number)
{
    public static Ping Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Ping(reader.Int64());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, MessageType type, uint stream)
    {
        writer.Begin(type, stream);
        writer.Int64(Number);
        writer.End();
    }
}
