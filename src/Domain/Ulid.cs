using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Atoll.Domain;

/// <summary>
/// A lowercase ULID: 48 bits of Unix milliseconds and 80 random bits in 26 characters of Crockford's base 32,
/// so that ids sort by the time they were made. See https://github.com/ulid/spec.
/// </summary>
public static class Ulid
{
    public const int Length = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[10];
        RandomNumberGenerator.Fill(random);
        return Format(now.ToUnixTimeMilliseconds(), random);
    }

    /// <summary>Another ULID of the same moment, always the same one for one ULID and number.</summary>
    public static string Derive(string ulid, int number)
    {
        const int timeLength = 10;
        ReadOnlySpan<byte> hash = SHA256.HashData(Encoding.ASCII.GetBytes($"{ulid}:{number.ToString(CultureInfo.InvariantCulture)}"));
        Span<char> text = stackalloc char[Length];
        ulid.AsSpan(0, timeLength).CopyTo(text);
        for (int i = timeLength; i < Length; i++)
        {
            text[i] = Alphabet[hash[i] & 31];
        }

        return new string(text);
    }

    internal static string Format(long milliseconds, ReadOnlySpan<byte> random)
    {
        UInt128 value = (UInt128)(ulong)milliseconds << 80;
        for (int i = 0; i < 10; i++)
        {
            value |= (UInt128)random[i] << (72 - (8 * i));
        }

        Span<char> text = stackalloc char[Length];
        for (int i = Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }

        return new string(text);
    }

    /// <summary>The 128 bits of a valid text.</summary>
    internal static UInt128 Bits(string text)
    {
        UInt128 value = 0;
        foreach (char c in text)
        {
            value = (value << 5) | (uint)Alphabet.IndexOf(c);
        }

        return value;
    }

    /// <summary>True for exactly the texts that <see cref="New"/> can make: 26 characters, lowercase, no overflow.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text)
    {
        if (text is null || text.Length != Length || text[0] > '7')
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!Alphabet.Contains(c))
            {
                return false;
            }
        }

        return true;
    }
}
