using System.Buffers.Binary;
using System.Text;

namespace Atoll.Protocol.Frames;

/// <summary>Reads the fields of a payload, checking every length and count against its bound and against what is there.</summary>
public ref struct PayloadReader(ReadOnlySpan<byte> payload)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = payload;

    public byte Byte() => Take(1)[0];

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        byte other => throw new ProtocolException($"a flag is {other}"),
    };

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> Raw(int length) => Take(length);

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

    public ReadOnlySpan<byte> Bytes(int max) => Take(Bounded(Int32(), max, "bytes"));

    /// <summary>A string without NUL characters.</summary>
    /// <param name="max">In bytes of UTF-8.</param>
    public string String(int max)
    {
        ReadOnlySpan<byte> bytes = Bytes(max);
        if (bytes.Contains((byte)0))
        {
            throw new ProtocolException("a string holds a NUL");
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (ArgumentException)
        {
            throw new ProtocolException("a string is not UTF-8");
        }
    }

    /// <summary>A count of things of at least <paramref name="smallest"/> bytes each, so that it cannot claim more than the payload holds.</summary>
    public int Count(int max, int smallest) => Bounded(Int32(), Math.Min(max, _rest.Length / smallest), "entries");

    public string[] Strings(int maxCount, int maxLength)
    {
        string[] strings = new string[Count(maxCount, sizeof(int))];
        for (int i = 0; i < strings.Length; i++)
        {
            strings[i] = String(maxLength);
        }

        return strings;
    }

    public Dictionary<string, string> Pairs(int maxCount, int maxLength)
    {
        int count = Count(maxCount, 2 * sizeof(int));
        var pairs = new Dictionary<string, string>(count);
        for (int i = 0; i < count; i++)
        {
            string key = String(maxLength);
            pairs[key] = String(maxLength);
        }

        return pairs;
    }

    /// <summary>Nothing may be left over.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new ProtocolException($"{_rest.Length} bytes too many in a payload");
        }
    }

    private static int Bounded(int value, int max, string what) =>
        value >= 0 && value <= max ? value : throw new ProtocolException($"{value} {what}, at most {max} are possible here");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            throw new ProtocolException("a payload ends too early");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
