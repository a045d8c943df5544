using System.Buffers;
using System.Buffers.Binary;
using Atoll.Protocol;

namespace Atoll.Node.Agents;

/// <summary>Reads what an agent sent.</summary>
/// <exception cref="ProtocolException">It broke the contract.</exception>
internal delegate T PayloadParser<out T>(ReadOnlySpan<byte> payload);

/// <summary>Cuts the bytes of a stream into the records that they are: an i32 length and that many bytes each.</summary>
internal sealed class RecordReader(ByteChannel channel) : IAsyncDisposable
{
    /// <summary>More than any record has; what says otherwise is refused.</summary>
    private const int MaxRecord = ProtocolLimits.MaxPayload;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(MaxRecord + sizeof(int));
    private int _start;
    private int _end;

    /// <returns>The next record, or null at the end.</returns>
    /// <exception cref="Domain.FaultException">The agent gave up, is gone, or broke the contract.</exception>
    public async ValueTask<T?> NextAsync<T>(PayloadParser<T> parse, CancellationToken cancellation)
        where T : class
    {
        try
        {
            if (!await FillAsync(sizeof(int), cancellation))
            {
                return _start == _end ? null : throw AgentFaults.Unavailable("it broke the protocol: a record ends too early");
            }

            int length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
            if (length is < 0 or > MaxRecord)
            {
                throw AgentFaults.Unavailable($"it broke the protocol: a record of {length} bytes");
            }

            if (!await FillAsync(sizeof(int) + length, cancellation))
            {
                throw AgentFaults.Unavailable("it broke the protocol: a record ends too early");
            }

            int at = _start + sizeof(int);
            _start = at + length;
            return AgentLink.Parse(() => parse(_buffer.AsSpan(at, length)));
        }
        catch (Exception e) when (AgentFaults.Translate(e) is { } fault)
        {
            throw fault;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, []));
    }

    // Until that many bytes are there; false when they end before.
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellation)
    {
        while (_end - _start < wanted)
        {
            if (_buffer.Length - _start < wanted || _start == _end)
            {
                _buffer.AsSpan(_start.._end).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            int count = await channel.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (count == 0)
            {
                return false;
            }

            _end += count;
        }

        return true;
    }
}
