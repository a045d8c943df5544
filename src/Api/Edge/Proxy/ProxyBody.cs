using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge.Proxy;

/// <summary>Moves bytes between a client and a program as they come, never more than a buffer of them at a time.</summary>
internal static class ProxyBytes
{
    public const int BufferSize = 64 * 1024;

    /// <summary>Copies until the end. Each piece is written, and flushed, before the next is read.</summary>
    /// <param name="idle">How long one read, or one write, may take; infinite for as long as it likes.</param>
    /// <param name="waiting">Called once, before the first wait for bytes.</param>
    /// <param name="moved">Called for each piece that was read.</param>
    /// <exception cref="TimeoutException">A read or a write took longer.</exception>
    public static async Task CopyAsync(
        Stream from, TimeSpan idleRead, Stream to, TimeSpan idleWrite, Func<Task>? waiting, CancellationToken cancellation,
        Action? moved = null)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bool isFilled = false;
        try
        {
            while (true)
            {
                limit.CancelAfter(idleRead);
                ValueTask<int> reading = from.ReadAsync(buffer, limit.Token);
                if (waiting is not null && !reading.IsCompleted)
                {
                    isFilled = true;
                    await waiting();
                    isFilled = false;
                }

                waiting = null;
                int count = await reading;
                if (count == 0)
                {
                    return;
                }

                moved?.Invoke();
                limit.CancelAfter(idleWrite);
                await to.WriteAsync(buffer.AsMemory(0, count), limit.Token);
                await to.FlushAsync(limit.Token);
            }
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException("no bytes went through for too long", e);
        }
        finally
        {
            // One that a read still fills must not become another's: it is left to the garbage collector.
            if (!isFilled)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

/// <summary>A client's body on its way to a program. A client that sends nothing for too long is given up.</summary>
internal sealed class ProxyBody(HttpContext http, TimeSpan idle) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        ProxyBytes.CopyAsync(http.Request.Body, idle, stream, Timeout.InfiniteTimeSpan, waiting: null, cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, http.RequestAborted);

    // Content-Length goes through as the client sent it; without one the body goes in chunks.
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
