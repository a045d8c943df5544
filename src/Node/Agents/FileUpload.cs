using Atoll.Domain.Files;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>
/// Writes a file: what the content gives at once goes with the request, so that a small file costs one way there and one
/// back; the rest follows as the agent gives credit.
/// </summary>
internal static class FileUpload
{
    /// <exception cref="AgentErrorException">The agent refused it or gave up.</exception>
    /// <exception cref="AgentLostException">The connection ended; the file may have been written if all was sent.</exception>
    public static async Task<FileEntry> RunAsync(
        AgentConnection connection, WriteFile message, Stream content, Memory<byte> buffer, CancellationToken cancellation)
    {
        int first = await content.ReadAsync(buffer, cancellation);
        bool ended = first == 0;
        int second = 0;
        ValueTask<int> reading = default;
        bool isReading = !ended && first < buffer.Length;
        if (isReading)
        {
            reading = content.ReadAsync(buffer[first..], cancellation);
            if (reading.IsCompletedSuccessfully)
            {
                (second, isReading) = (reading.Result, false);
                ended = second == 0;
            }
        }

        int sent = first + second;
        ByteChannel channel;
        try
        {
            channel = await ByteChannel.StartAsync(
                connection, (writer, stream) => Begin(writer, stream, message, buffer.Span[..sent], ended), ProtocolLimits.WriteWindow - sent, ended);
        }
        catch when (isReading)
        {
            await Abandon(reading);
            throw;
        }

        await using (channel)
        {
            if (isReading)
            {
                second = await reading;
                ended = second == 0;
                await channel.WriteAsync(buffer.Slice(first, second), cancellation);
            }

            for (int count; !ended; ended = count == 0)
            {
                count = await content.ReadAsync(buffer, cancellation);
                await channel.WriteAsync(buffer[..count], cancellation);
            }

            await channel.CompleteAsync(cancellation);
            (MessageType type, byte[] payload) = await channel.Result.WaitAsync(cancellation);
            return type == MessageType.FileStat
                ? FileMessages.ToEntry(AgentLink.Parse(() => FileStat.Read(payload)))
                : throw AgentFaults.Unavailable($"it answered with message {(byte)type}");
        }
    }

    private static void Begin(MessageWriter writer, uint stream, WriteFile message, ReadOnlySpan<byte> data, bool ended)
    {
        message.Write(writer, stream);
        if (!data.IsEmpty)
        {
            Data.Write(writer, stream, data);
        }

        if (ended)
        {
            Bare.Write(writer, MessageType.EndOfData, stream);
        }
    }

    // The buffer is given back behind it.
    private static async Task Abandon(ValueTask<int> reading)
    {
        try
        {
            await reading;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // What made the upload fail is thrown.
        }
    }
}
