using System.Buffers;
using System.Net.WebSockets;
using Atoll.Domain;

namespace Atoll.Control.Code;

/// <summary>
/// The channels of one kernel, as one WebSocket of the Jupyter server. Nothing is read but for who executes: a kernel whose
/// reader is slow waits. Not for use by two at a time.
/// </summary>
internal sealed class KernelChannel(WebSocket socket) : IDisposable
{
    /// <summary>Bytes of a message; what is larger is left out.</summary>
    public const int MaxMessage = 16 * 1024 * 1024;

    private const int ChunkSize = 64 * 1024;

    private bool _broken;

    public bool IsOpen => !_broken && socket.State is WebSocketState.Open;

    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
        {
            throw Lost(e);
        }
    }

    /// <summary>The next message; null when it was too large and was left out.</summary>
    public async Task<KernelMessage?> ReceiveAsync(CancellationToken cancellation)
    {
        var message = new ArrayBufferWriter<byte>(ChunkSize);
        bool tooLarge = false;
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await socket.ReceiveAsync(message.GetMemory(ChunkSize), cancellation);
            }
            catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
            {
                throw Lost(e);
            }

            if (received.MessageType is WebSocketMessageType.Close)
            {
                throw Lost(null);
            }

            message.Advance(received.Count);
            tooLarge |= message.WrittenCount > MaxMessage;
            if (tooLarge)
            {
                message.ResetWrittenCount();
            }

            if (received.EndOfMessage)
            {
                return tooLarge ? null : Parse(message, received.MessageType);
            }
        }
    }

    public void Dispose()
    {
        socket.Abort();
        socket.Dispose();
    }

    // A message with binary parts comes as binary: nothing that is asked for here is answered so.
    private static KernelMessage Parse(ArrayBufferWriter<byte> message, WebSocketMessageType type)
    {
        if (type is not WebSocketMessageType.Text)
        {
            return new KernelMessage("", "", default);
        }

        byte[] text = message.WrittenSpan.ToArray();
        JsonSurrogates.Mend(text);
        return KernelMessage.Parse(text);
    }

    private FaultException Lost(Exception? inner)
    {
        _broken = true;
        return new FaultException(new Fault(FaultCode.AgentUnavailable, "the connection to the context was lost: what it ran may run on"), inner);
    }
}
