using System.Buffers;
using Atoll.Api.Edge.Proxy;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class ProxyBytesTests
{
    [Fact]
    public async Task A_buffer_that_a_read_still_fills_is_not_given_to_another()
    {
        await using var from = new Silent();
        await Assert.ThrowsAsync<IOException>(() => ProxyBytes.CopyAsync(
            from, Timeout.InfiniteTimeSpan, Stream.Null, Timeout.InfiniteTimeSpan, () => Task.FromException(new IOException("the client is gone")), default));

        // The pool gives a thread what it has given back last.
        byte[] next = ArrayPool<byte>.Shared.Rent(ProxyBytes.BufferSize);
        next[0] = 0;
        from.Fill(1);
        Assert.Equal(0, next[0]);
        ArrayPool<byte>.Shared.Return(next);
    }

    /// <summary>Says nothing until it is told to, and then into the buffer that it was given.</summary>
    private sealed class Silent : MemoryStream
    {
        private readonly TaskCompletionSource<int> _reading = new();
        private Memory<byte> _buffer;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _buffer = buffer;
            return new ValueTask<int>(_reading.Task);
        }

        public void Fill(byte value)
        {
            _buffer.Span[0] = value;
            _reading.SetResult(1);
        }
    }
}
