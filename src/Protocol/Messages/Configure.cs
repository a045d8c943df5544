using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>A file that the agent writes when it is configured, such as /etc/hosts.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Mode">Permission bits, such as 0644.</param>
public sealed record BootFile(string Path, uint Mode, ReadOnlyMemory<byte> Content);

/// <summary>Makes a sandbox one's own: what differs between two sandboxes of one template.</summary>
public sealed record Configure
{
    /// <summary>Empty leaves it as it is.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>For every process started from now on; replaces what was configured before.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Microseconds since 1970 in UTC; 0 leaves the clock alone.</summary>
    public long WallClockMicroseconds { get; init; }

    /// <summary>Mixed into the kernel's random pool.</summary>
    public ReadOnlyMemory<byte> Entropy { get; init; }

    public IReadOnlyList<BootFile> Files { get; init; } = [];

    public static Configure Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Configure
        {
            Hostname = reader.String(ProtocolLimits.MaxHostname),
            Environment = reader.Pairs(ProtocolLimits.MaxVariables, ProtocolLimits.MaxMessage),
            WallClockMicroseconds = reader.Int64(),
            Entropy = reader.Bytes(ProtocolLimits.MaxEntropy).ToArray(),
            Files = ReadFiles(ref reader),
        };
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Configure, stream);
        writer.String(Hostname);
        writer.Pairs(Environment);
        writer.Int64(WallClockMicroseconds);
        writer.Bytes(Entropy.Span);
        writer.Int32(Files.Count);
        foreach (BootFile file in Files)
        {
            writer.String(file.Path);
            writer.UInt32(file.Mode);
            writer.Bytes(file.Content.Span);
        }

        writer.End();
    }

    private static BootFile[] ReadFiles(ref PayloadReader reader)
    {
        var files = new BootFile[reader.Count(ProtocolLimits.MaxBootFiles, 3 * sizeof(int))];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = new BootFile(
                reader.String(ProtocolLimits.MaxPath), reader.UInt32(), reader.Bytes(ProtocolLimits.MaxBootFile).ToArray());
        }

        return files;
    }
}
