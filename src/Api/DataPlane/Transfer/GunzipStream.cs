using System.Buffers.Binary;
using System.IO.Compression;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Uncompresses gzip as it is read and fails when it was cut short, which <see cref="GZipStream"/> takes for its end: the
/// last four bytes of gzip are its length uncompressed (RFC 1952). One member only, as a request's body is.
/// </summary>
internal sealed class GunzipStream : ReadingStream
{
    private const int TrailerLength = 4;
    private readonly Tail _tail;
    private readonly GZipStream _gzip;
    private uint _length;

    public GunzipStream(Stream compressed)
    {
        _tail = new Tail(compressed);
        _gzip = new GZipStream(_tail, CompressionMode.Decompress, leaveOpen: true);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await _gzip.ReadAsync(buffer, cancellationToken);
        _length += (uint)read;
        return read == 0 && buffer.Length > 0 && (_tail.Value != _length || _tail.Bytes < TrailerLength)
            ? throw new InvalidDataException("the gzip data is cut short, or something follows it")
            : read;
    }

    public override ValueTask DisposeAsync() => _gzip.DisposeAsync();

    /// <summary>Passes a stream's bytes on and remembers the last four.</summary>
    private sealed class Tail(Stream inner) : ReadingStream
    {
        private readonly byte[] _last = new byte[TrailerLength];

        public long Bytes { get; private set; }

        public uint Value => BinaryPrimitives.ReadUInt32LittleEndian(_last);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            Bytes += read;
            Keep(buffer.Span[..read]);
            return read;
        }

        private void Keep(ReadOnlySpan<byte> seen)
        {
            ReadOnlySpan<byte> fresh = seen.Length > TrailerLength ? seen[^TrailerLength..] : seen;
            _last.AsSpan(fresh.Length).CopyTo(_last);
            fresh.CopyTo(_last.AsSpan(TrailerLength - fresh.Length));
        }
    }
}
