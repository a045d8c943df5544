namespace Atoll.Cli.Output;

/// <summary>Aligns rows of text under a heading, columns two spaces apart.</summary>
internal static class Table
{
    public static void Write(TextWriter output, string[] heading, IEnumerable<string[]> rows)
    {
        List<string[]> all = [heading, .. rows.Select(row => row.Select(Plain).ToArray())];
        int[] widths = [.. Enumerable.Range(0, heading.Length).Select(column => all.Max(row => row[column].Length))];
        foreach (string[] row in all)
        {
            IEnumerable<string> cells = row.Select((cell, column) => cell.PadRight(widths[column]));
            output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    /// <summary>One <c>Label: value</c> line for each value that there is.</summary>
    public static void WriteFields(TextWriter output, params (string Label, string? Value)[] fields)
    {
        foreach ((string label, string? value) in fields.Where(field => !string.IsNullOrEmpty(field.Value)))
        {
            output.WriteLine($"{label}: {Plain(value!)}");
        }
    }

    /// <summary>Text from elsewhere without what could move a terminal's cursor or forge a line.</summary>
    public static string Plain(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;

    public static string Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'") ?? "";
}
