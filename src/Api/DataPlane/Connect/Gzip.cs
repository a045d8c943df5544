using System.Buffers.Binary;
using System.IO.Compression;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Compressed messages. What comes out of one is bounded, whatever its size on the wire.</summary>
internal static class Gzip
{
    public const string Name = "gzip";

    /// <exception cref="ConnectException">Not gzip, or more than <paramref name="limit"/> bytes.</exception>
    public static byte[] Inflate(ReadOnlyMemory<byte> bytes, int limit)
    {
        using var inflated = new MemoryStream();
        try
        {
            using var gzip = new GZipStream(new MemoryStream(bytes.ToArray(), writable: false), CompressionMode.Decompress);
            byte[] chunk = new byte[16 * 1024];
            for (int read; (read = gzip.Read(chunk)) > 0;)
            {
                if (inflated.Length + read > limit)
                {
                    throw MessageReader.TooLarge(limit);
                }

                inflated.Write(chunk, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, "the message is not valid gzip", e);
        }

        return IsWhole(bytes.Span, inflated.Length)
            ? inflated.ToArray()
            : throw new ConnectException(ConnectCode.InvalidArgument, "the message is not whole: its gzip ends early or late");
    }

    public static byte[] Deflate(ReadOnlySpan<byte> bytes)
    {
        using var deflated = new MemoryStream();
        using (var gzip = new GZipStream(deflated, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return deflated.ToArray();
    }

    /// <summary>Whether the size at the end is the size that came out; the stream takes a cut one for whole.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> bytes, long size) =>
        bytes.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) == size;

    /// <summary>Whether a request's messages are compressed, by the header that tells it.</summary>
    /// <exception cref="ConnectException">They are, in a way that is not spoken here.</exception>
    public static bool IsNamed(string? encoding) => encoding switch
    {
        null or "" or "identity" => false,
        Name => true,
        _ => throw new ConnectException(ConnectCode.Unimplemented, $"compression '{encoding}' is not spoken here: send {Name} or identity"),
    };
}
