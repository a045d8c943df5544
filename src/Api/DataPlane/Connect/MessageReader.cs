using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>
/// Reads the messages of a request, each bounded as it comes and again as it unfolds. Memory is taken for bytes that
/// have arrived, never for a length that was announced.
/// <code>
///   unary    the body is the message
///   stream   ( flags 1 | length 4, big endian | message )*      flags: 0x01 compressed
/// </code>
/// </summary>
/// <param name="limit">Bytes of one message.</param>
/// <param name="place">Grows and shrinks with the message that is read.</param>
internal sealed class MessageReader(HttpRequest request, int limit, MessageMemory.Place place)
{
    private const int HeaderSize = 5;
    private const byte Compressed = 0x01;
    private readonly PipeReader _body = request.BodyReader;

    public static ConnectException TooLarge(int limit) =>
        new(ConnectCode.ResourceExhausted, $"a message is larger than {limit} bytes: send it in parts, or as a file");

    /// <summary>The whole body as one message.</summary>
    public async ValueTask<byte[]> ReadBodyAsync(CancellationToken cancellation)
    {
        bool compressed = Gzip.IsNamed(request.Headers.ContentEncoding);
        if (request.ContentLength > limit)
        {
            throw TooLarge(limit);
        }

        // One more than may be: then it is known to be too many.
        ReadResult read = await ReadAtLeastAsync(limit + 1, cancellation);
        if (read.Buffer.Length > limit)
        {
            _body.AdvanceTo(read.Buffer.End);
            throw TooLarge(limit);
        }

        return Take(read.Buffer, compressed);
    }

    /// <summary>The one message of a request that is framed because its reply is a stream.</summary>
    public async ValueTask<byte[]> ReadOnlyFrameAsync(CancellationToken cancellation)
    {
        (byte[] Message, int Size) frame = await ReadAsync(cancellation)
            ?? throw new ConnectException(ConnectCode.InvalidArgument, "the request has no message: send one frame");
        return request.ContentLength is { } length && length != frame.Size
            ? throw new ConnectException(ConnectCode.InvalidArgument, "the request has more than one message: send one frame")
            : frame.Message;
    }

    /// <summary>The next message of a stream; null at its end.</summary>
    public async ValueTask<byte[]?> ReadFrameAsync(CancellationToken cancellation) => (await ReadAsync(cancellation))?.Message;

    private async ValueTask<(byte[] Message, int Size)?> ReadAsync(CancellationToken cancellation)
    {
        // The one before is done with when the next is asked for, which may be long in coming.
        place.Resize(0);
        ReadResult read = await ReadAtLeastAsync(HeaderSize, cancellation);
        // What was read is done with, whatever it is, so that the server can read on and keep the connection.
        bool none = read.Buffer.IsEmpty;
        bool whole = read.Buffer.Length >= HeaderSize;
        (byte flags, uint length) = whole ? Header(read.Buffer) : default;
        _body.AdvanceTo(whole ? read.Buffer.GetPosition(HeaderSize) : read.Buffer.End);
        if (!whole)
        {
            return none ? null : throw Truncated();
        }

        bool compressed = flags == Compressed && Gzip.IsNamed(request.Headers["Connect-Content-Encoding"]);
        if (flags is not 0 && !compressed)
        {
            throw new ConnectException(
                ConnectCode.InvalidArgument,
                flags == Compressed ? "a frame is compressed and Connect-Content-Encoding does not say how" : $"a frame has flags 0x{flags:x2}");
        }

        if (length > limit)
        {
            throw TooLarge(limit);
        }

        return length == 0
            ? ([], HeaderSize)
            : (await ReadPayloadAsync((int)length, compressed, cancellation), HeaderSize + (int)length);
    }

    /// <summary>As the pipe's own, which takes memory for all of the size at once.</summary>
    private async ValueTask<ReadResult> ReadAtLeastAsync(int size, CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult read = await _body.ReadAsync(cancellation);
            Hold(read.Buffer);
            if (read.IsCompleted || read.Buffer.Length >= size)
            {
                return read;
            }

            _body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private void Hold(ReadOnlySequence<byte> buffer)
    {
        try
        {
            place.Resize(buffer.Length);
        }
        catch
        {
            _body.AdvanceTo(buffer.End);
            throw;
        }
    }

    private async ValueTask<byte[]> ReadPayloadAsync(int length, bool compressed, CancellationToken cancellation)
    {
        ReadResult read = await ReadAtLeastAsync(length, cancellation);
        if (read.Buffer.Length < length)
        {
            _body.AdvanceTo(read.Buffer.End);
            throw Truncated();
        }

        return Take(read.Buffer.Slice(0, length), compressed);
    }

    private byte[] Take(ReadOnlySequence<byte> buffer, bool compressed)
    {
        byte[] message = buffer.ToArray();
        _body.AdvanceTo(buffer.End);
        if (compressed && message.Length > 0)
        {
            message = Gzip.Inflate(message, limit);
            place.Resize(message.Length);
        }

        return message;
    }

    private static (byte Flags, uint Length) Header(ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, HeaderSize).CopyTo(header);
        return (header[0], BinaryPrimitives.ReadUInt32BigEndian(header[1..]));
    }

    private static ConnectException Truncated() => new(ConnectCode.InvalidArgument, "the request ends within a frame");
}
