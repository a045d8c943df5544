using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Atoll.Cli;

/// <summary>Options that take a span of time, such as <c>90s</c>, <c>5m</c>, <c>2h</c> or <c>7d</c>; a bare number is seconds.</summary>
internal static class Spans
{
    public static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "span",
        CustomParser = result => Parse(name, result),
    };

    public static bool TryParse(string text, out TimeSpan span)
    {
        (int unit, string number) = text switch
        {
            [.. var digits, 's'] => (1, digits),
            [.. var digits, 'm'] => (60, digits),
            [.. var digits, 'h'] => (3600, digits),
            [.. var digits, 'd'] => (86400, digits),
            _ => (1, text),
        };
        bool valid = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0;
        span = valid ? TimeSpan.FromSeconds((double)count * unit) : default;
        return valid;
    }

    private static TimeSpan? Parse(string name, ArgumentResult result)
    {
        if (TryParse(result.Tokens[0].Value, out TimeSpan span))
        {
            return span;
        }
        result.AddError($"{name} wants a span of time such as 90s, 5m, 2h or 7d");
        return null;
    }
}
