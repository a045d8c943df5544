using System.Globalization;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Http;

/// <summary>Reads numbers and words from a query string, naming the parameter when one is wrong.</summary>
internal static class QueryValues
{
    public static int Int(IQueryCollection query, string name, int standard, int least, int most)
    {
        string? text = Text(query, name);
        if (text is null)
        {
            return standard;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw Fault.Invalid(name, $"{name} must be an integer from {least} to {most}").AsException();
    }

    /// <summary>A number that is not negative; null when absent or empty.</summary>
    public static long? Long(IQueryCollection query, string name)
    {
        string? text = Text(query, name);
        if (text is null)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Fault.Invalid(name, $"{name} must be an integer from 0 to {long.MaxValue}").AsException();
    }

    /// <summary>The last value given; null when absent or empty.</summary>
    public static string? Text(IQueryCollection query, string name)
    {
        string? text = query.TryGetValue(name, out var values) ? values[^1] : null;
        if (text is not null && text.Contains('\0'))
        {
            throw Fault.Invalid(name, $"{name} must not contain the character U+0000").AsException();
        }

        return string.IsNullOrEmpty(text) ? null : text;
    }

    public static T Choice<T>(IQueryCollection query, string name, T standard, IReadOnlyDictionary<string, T> choices)
    {
        string? text = Text(query, name);
        if (text is null)
        {
            return standard;
        }

        return choices.TryGetValue(text, out T? value)
            ? value
            : throw Fault.Invalid(name, $"{name} must be one of {string.Join(", ", choices.Keys)}").AsException();
    }
}
