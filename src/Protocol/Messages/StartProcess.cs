using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>The size of a terminal in characters.</summary>
public readonly record struct WindowSize(ushort Columns, ushort Rows)
{
    /// <summary>0x0: there is no terminal.</summary>
    public bool IsNone => Columns == 0 && Rows == 0;

    /// <summary>Whether a terminal may have it.</summary>
    public bool IsValid => Columns > 0 && Rows > 0;
}

/// <summary>Starts a process in a session of its own, on pipes or on a terminal.</summary>
public sealed record StartProcess
{
    /// <summary>The program and its arguments; the program is looked up in the process's PATH.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Merged over the configured environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Absolute, or relative to the user's home.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>A name of /etc/passwd or a number.</summary>
    public string User { get; init; } = "root";

    public string Tag { get; init; } = "";

    /// <summary>Bytes of output kept; 4 KiB to 8 MiB.</summary>
    public int OutputCapacity { get; init; } = 1024 * 1024;

    /// <summary>Milliseconds after which it is killed with all that it started, if it still runs; 0 for never.</summary>
    public long LifetimeMilliseconds { get; init; }

    /// <summary>The size of the terminal that is its input and both of its outputs; none for pipes.</summary>
    public WindowSize Terminal { get; init; }

    /// <summary>Whether its input stays open for <see cref="WriteInput"/>; otherwise it is /dev/null. A terminal always does.</summary>
    public bool TakesInput { get; init; }

    public static StartProcess Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new StartProcess
        {
            Arguments = reader.Strings(ProtocolLimits.MaxArguments, ProtocolLimits.MaxMessage),
            Environment = reader.Pairs(ProtocolLimits.MaxVariables, ProtocolLimits.MaxMessage),
            WorkingDirectory = reader.String(ProtocolLimits.MaxPath),
            User = reader.String(ProtocolLimits.MaxName),
            Tag = reader.String(ProtocolLimits.MaxName),
            OutputCapacity = reader.Int32(),
            LifetimeMilliseconds = reader.Int64(),
            Terminal = new WindowSize(reader.UInt16(), reader.UInt16()),
            TakesInput = reader.Bool(),
        };
        reader.End();
        return message.Terminal.IsNone || message.Terminal.IsValid ? message : throw new ProtocolException("a terminal with one side of 0");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.StartProcess, stream);
        writer.Strings(Arguments);
        writer.Pairs(Environment);
        writer.String(WorkingDirectory);
        writer.String(User);
        writer.String(Tag);
        writer.Int32(OutputCapacity);
        writer.Int64(LifetimeMilliseconds);
        writer.UInt16(Terminal.Columns);
        writer.UInt16(Terminal.Rows);
        writer.Bool(TakesInput);
        writer.End();
    }
}

/// <summary>The answer once the kernel has accepted the exec.</summary>
public sealed record Started(int Pid, long StartedAtMilliseconds)
{
    public static Started Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Started(reader.Int32(), reader.Int64());
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Started, stream);
        writer.Int32(Pid);
        writer.Int64(StartedAtMilliseconds);
        writer.End();
    }
}
