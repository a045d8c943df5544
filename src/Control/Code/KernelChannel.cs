using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
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

    /// <summary>Large messages of all channels that are in memory at a time; the next waits in its kernel.</summary>
    public const int MostLarge = 8;

    /// <summary>Bytes from which a message is large.</summary>
    public const int Large = 1024 * 1024;

    private const int ChunkSize = 64 * 1024;

    /// <summary>How long the rest of a large message may be in coming: others wait for its place.</summary>
    private static readonly TimeSpan LargeTime = TimeSpan.FromSeconds(10);

    private static readonly SemaphoreSlim Turns = new(MostLarge);

    private int _hasTurn;
    private volatile bool _disposed;
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

    /// <summary>The next message; null when it was too large and was left out. Whoever asks for it is done with the one before.</summary>
    public async Task<KernelMessage?> ReceiveAsync(CancellationToken cancellation)
    {
        GiveTurnBack();
        try
        {
            return await ReceiveNextAsync(cancellation);
        }
        catch
        {
            GiveTurnBack();
            throw;
        }
    }

    private async Task<KernelMessage?> ReceiveNextAsync(CancellationToken cancellation)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var message = new ArrayBufferWriter<byte>(ChunkSize);
        bool tooLarge = false;
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await socket.ReceiveAsync(message.GetMemory(ChunkSize), late.Token);
            }
            catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw Lost(e);
            }

            if (received.MessageType is WebSocketMessageType.Close)
            {
                throw Lost(null);
            }

            message.Advance(received.Count);
            if (message.WrittenCount > Large && _hasTurn == 0)
            {
                await TakeTurnAsync(cancellation);
                late.CancelAfter(LargeTime);
            }

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
        _disposed = true;
        socket.Abort();
        socket.Dispose();
        GiveTurnBack();
    }

    private async Task TakeTurnAsync(CancellationToken cancellation)
    {
        await Turns.WaitAsync(cancellation);
        Volatile.Write(ref _hasTurn, 1);
        if (_disposed)
        {
            throw Lost(null);
        }
    }

    private void GiveTurnBack()
    {
        if (Interlocked.Exchange(ref _hasTurn, 0) == 1)
        {
            Turns.Release();
        }
    }

    // A message with binary parts comes as binary: nothing that is asked for here is answered so.
    private static KernelMessage Parse(ArrayBufferWriter<byte> message, WebSocketMessageType type)
    {
        if (type is not WebSocketMessageType.Text)
        {
            return new KernelMessage("", "", default);
        }

        Memory<byte> text = MemoryMarshal.AsMemory(message.WrittenMemory);
        JsonSurrogates.Mend(text.Span);
        return KernelMessage.Parse(text);
    }

    private FaultException Lost(Exception? inner)
    {
        _broken = true;
        return new FaultException(new Fault(FaultCode.AgentUnavailable, "the connection to the context was lost: what it ran may run on"), inner);
    }
}
