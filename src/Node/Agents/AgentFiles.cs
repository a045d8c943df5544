using System.Buffers;
using System.Runtime.CompilerServices;
using Atoll.Domain.Files;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>The files of one sandbox, through its agent.</summary>
internal sealed class AgentFiles(AgentLink link) : ISandboxFiles
{
    /// <summary>Calls with one answer that are under way at a time; the others wait, so that a crowd of them leaves room for streams.</summary>
    private const int MaxCalls = 128;

    /// <summary>Bytes of a list or a watch that wait for their reader.</summary>
    private const int RecordWindow = 256 * 1024;

    private readonly SemaphoreSlim _calls = new(MaxCalls);

    public async Task<FileEntry> StatAsync(FilePath path, CancellationToken cancellation) =>
        await CallAsync(On(path, MessageType.StatFile), AgentLink.RequestTime, cancellation);

    public async IAsyncEnumerable<FileEntry> ListAsync(FilePath path, int depth, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var message = new ListFiles(FileMessages.ToWire(path), (uint)Math.Max(1, depth), RecordWindow);
        (ByteChannel channel, FileStat top) = await OpenAsync(message.Write, MessageType.FileStat, RecordWindow, FileStat.Read, cancellation);
        await using var records = new RecordReader(channel);
        string above = top.Path == "/" ? "/" : top.Path + "/";
        while (await records.NextAsync(FileStat.Read, cancellation) is { } entry)
        {
            yield return FileMessages.ToEntry(entry with { Path = above + entry.Path });
        }
    }

    public async Task<FileReading> ReadAsync(FilePath path, long offset, long? length, CancellationToken cancellation)
    {
        FileMessages.CheckRange(offset, length);
        var message = new ReadFile(FileMessages.ToWire(path), offset, length ?? -1, ByteChannel.BulkWindow);
        (ByteChannel channel, FileStat stat) = await OpenAsync(message.Write, MessageType.FileStat, ByteChannel.BulkWindow, FileStat.Read, cancellation);
        return new FileReading(FileMessages.ToEntry(stat), new FileContent(channel));
    }

    public async Task<FileEntry> WriteAsync(FilePath path, FileWriting options, Stream content, CancellationToken cancellation)
    {
        WriteFile message = FileMessages.ToWire(path, options);
        AgentConnection connection = await link.ConnectionAsync(cancellation);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ProtocolLimits.MaxPayload);
        try
        {
            return await FileUpload.RunAsync(connection, message, content, buffer.AsMemory(0, ProtocolLimits.MaxPayload), cancellation);
        }
        catch (Exception e) when (e is AgentErrorException or AgentLostException or ProtocolException)
        {
            throw AgentFaults.Translate(e)!;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public Task<FileEntry> MakeDirectoryAsync(FilePath path, CancellationToken cancellation) =>
        CallAsync(On(path, MessageType.MakeDirectory), AgentLink.RequestTime, cancellation);

    public Task<FileEntry> MoveAsync(FilePath source, FilePath destination, CancellationToken cancellation) =>
        CallAsync(new MoveFile(FileMessages.ToWire(source), FileMessages.ToWire(destination)).Write, AgentLink.Unbounded, cancellation);

    public async Task RemoveAsync(FilePath path, CancellationToken cancellation) =>
        await RequestAsync(On(path, MessageType.RemoveFile), MessageType.Ok, AgentLink.Unbounded, cancellation);

    public Task<FileEntry> SetModeAsync(FilePath path, int mode, CancellationToken cancellation) =>
        CallAsync(new SetFileMode(FileMessages.ToWire(path), FileMessages.CheckedMode(mode)).Write, AgentLink.RequestTime, cancellation);

    public Task<FileEntry> SetOwnerAsync(FilePath path, string owner, CancellationToken cancellation) => CallAsync(
        new SetFileOwner(FileMessages.ToWire(path), FileMessages.CheckedName(owner, "owner")).Write, AgentLink.RequestTime, cancellation);

    public Task<FileEntry> ComposeAsync(IReadOnlyList<FilePath> sources, FilePath destination, CancellationToken cancellation) =>
        CallAsync(FileMessages.ToWire(sources, destination).Write, AgentLink.Unbounded, cancellation);

    public async IAsyncEnumerable<FileEvent> WatchAsync(FilePath path, bool recursive, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var message = new WatchFiles(FileMessages.ToWire(path), recursive, RecordWindow);
        (ByteChannel channel, _) = await OpenAsync(message.Write, MessageType.Watching, RecordWindow, ReadBare, cancellation);
        await using var records = new RecordReader(channel);
        yield return new FileEvent.Watching();
        while (await records.NextAsync(FileChanged.Read, cancellation) is { } changed)
        {
            yield return FileMessages.ToEvent(changed);
        }
    }

    private static Action<MessageWriter, uint> On(FilePath path, MessageType type)
    {
        var message = new PathRequest(FileMessages.ToWire(path));
        return (writer, stream) => message.Write(writer, type, stream);
    }

    private static bool ReadBare(ReadOnlySpan<byte> payload)
    {
        Bare.Read(payload);
        return true;
    }

    private async Task<FileEntry> CallAsync(Action<MessageWriter, uint> message, TimeSpan bound, CancellationToken cancellation)
    {
        byte[] reply = await RequestAsync(message, MessageType.FileStat, bound, cancellation);
        return FileMessages.ToEntry(AgentLink.Parse(() => FileStat.Read(reply)));
    }

    private async Task<byte[]> RequestAsync(
        Action<MessageWriter, uint> message, MessageType expected, TimeSpan bound, CancellationToken cancellation)
    {
        await _calls.WaitAsync(cancellation);
        try
        {
            return await link.RequestAsync(message, expected, bound, cancellation);
        }
        finally
        {
            _calls.Release();
        }
    }

    private async Task<(ByteChannel Channel, T Reply)> OpenAsync<T>(
        Action<MessageWriter, uint> message, MessageType expected, int window, PayloadParser<T> parse, CancellationToken cancellation)
    {
        AgentConnection connection = await link.ConnectionAsync(cancellation);
        ByteChannel? channel = null;
        try
        {
            (channel, MessageType type, byte[] reply) = await ByteChannel.OpenAsync(connection, message, ByteDirection.FromAgent, window, cancellation);
            return type == expected
                ? (channel, AgentLink.Parse(() => parse(reply)))
                : throw AgentFaults.Unavailable($"it answered with message {(byte)type}");
        }
        catch (Exception e)
        {
            if (channel is not null)
            {
                await channel.DisposeAsync();
            }

            throw AgentFaults.Translate(e) ?? e;
        }
    }
}
