using System.Text;

namespace Atoll.Linux;

/// <summary>
/// Builds one netlink request; netlink(7), rtnetlink(7). All numbers are in the machine's byte order.
/// <code>
///   | length 4 | type 2 | flags 2 | sequence 4 | port 4 | body | attribute | attribute ... |
///                                                                | length 2 | type 2 | value, padded to 4 |
/// </code>
/// </summary>
internal sealed class NetlinkMessage
{
    private const int HeaderBytes = 16;
    private readonly byte[] _buffer = new byte[1024];
    private int _length = HeaderBytes;

    public NetlinkMessage(ushort type, NetlinkFlags flags, ReadOnlySpan<byte> body)
    {
        BitConverter.TryWriteBytes(_buffer.AsSpan(4), type);
        BitConverter.TryWriteBytes(_buffer.AsSpan(6), (ushort)flags);
        Append(body);
    }

    public void Attribute(int type, ReadOnlySpan<byte> value)
    {
        int start = Begin(type);
        Append(value);
        End(start);
    }

    public void Attribute(int type, string value) => Attribute(type, Encoding.ASCII.GetBytes(value + '\0'));

    public void Attribute(int type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BitConverter.TryWriteBytes(bytes, value);
        Attribute(type, bytes);
    }

    /// <summary>Starts an attribute whose value is what is appended until <see cref="End"/> gets the returned mark.</summary>
    public int Begin(int type)
    {
        int start = _length;
        BitConverter.TryWriteBytes(_buffer.AsSpan(start + 2), (ushort)type);
        _length += 4;
        return start;
    }

    public void End(int start) => BitConverter.TryWriteBytes(_buffer.AsSpan(start), (ushort)(_length - start));

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += (bytes.Length + 3) & ~3;
    }

    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BitConverter.TryWriteBytes(_buffer.AsSpan(0), (uint)_length);
        BitConverter.TryWriteBytes(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }
}

[Flags]
internal enum NetlinkFlags : ushort
{
    NLM_F_REQUEST = 0x1,
    NLM_F_ACK = 0x4,
    NLM_F_REPLACE = 0x100,
    NLM_F_EXCL = 0x200,
    NLM_F_DUMP = 0x300,
    NLM_F_CREATE = 0x400,
}
