using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

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
