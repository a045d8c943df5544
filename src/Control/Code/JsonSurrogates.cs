using System.Globalization;

namespace Atoll.Control.Code;

/// <summary>
/// Code can print halves of surrogate pairs, which JSON can spell and .NET's reader refuses to read as text. Puts the
/// replacement character in their place, which is as long.
/// </summary>
internal static class JsonSurrogates
{
    private const int EscapeLength = 6;

    /// <param name="json">UTF-8; changed in place.</param>
    public static void Mend(Span<byte> json)
    {
        int at = 0;
        while (json[at..].IndexOf((byte)'\\') is var found and >= 0)
        {
            at += found;
            if (UnitAt(json[at..]) is not { } unit)
            {
                at = Math.Min(at + 2, json.Length);
            }
            else if (char.IsHighSurrogate(unit) && UnitAt(json[(at + EscapeLength)..]) is { } next && char.IsLowSurrogate(next))
            {
                at += 2 * EscapeLength;
            }
            else
            {
                if (char.IsSurrogate(unit))
                {
                    "\\ufffd"u8.CopyTo(json[at..]);
                }

                at += EscapeLength;
            }
        }
    }

    /// <summary>The UTF-16 unit that an escape at the beginning of the text spells; null when there is none.</summary>
    private static char? UnitAt(ReadOnlySpan<byte> text) =>
        text.Length >= EscapeLength && text[0] == '\\' && text[1] == 'u'
        && ushort.TryParse(text[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : null;
}
