using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Bench;

/// <summary>How results are printed.</summary>
internal static class Report
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    public static void WriteTable(TextWriter output, IEnumerable<(string Name, Distribution Times)> rows)
    {
        output.WriteLine("| scenario, ms | n | failed | min | p50 | p95 | p99 | max |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach ((string name, Distribution times) in rows)
        {
            string[] figures = [.. new[] { times.Min, times.P50, times.P95, times.P99, times.Max }.Select(Figure)];
            output.WriteLine($"| {name} | {times.Count} | {times.Failures} | {string.Join(" | ", figures)} |");
        }
    }

    public static string Figure(double milliseconds) => milliseconds switch
    {
        double.NaN => "-",
        < 10 => milliseconds.ToString("0.00"),
        < 100 => milliseconds.ToString("0.0"),
        _ => milliseconds.ToString("0"),
    };
}
