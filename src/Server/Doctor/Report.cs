using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Server.Doctor;

/// <summary>Renders what was found, as a table for people or as JSON for programs.</summary>
internal static class Report
{
    public static string Table(IReadOnlyList<Checked> results)
    {
        int width = results.Max(r => r.Name.Length);
        var text = new StringBuilder();
        foreach ((string name, Finding finding) in results)
        {
            text.Append(Mark(finding.Severity)).Append("  ").Append(name.PadRight(width)).Append("  ").AppendLine(finding.Found);
            if (finding.Remedy is { } remedy)
            {
                foreach (string line in remedy.Split('\n'))
                {
                    text.Append(' ', 6 + width + 2).Append("-> ").AppendLine(line);
                }
            }
        }

        int failed = results.Count(r => r.Finding.Severity == Severity.Fail), warned = results.Count(r => r.Finding.Severity == Severity.Warn);
        text.Append(failed > 0 ? $"{failed} of {results.Count} checks failed" : "Nothing that is required failed");
        return text.AppendLine(warned > 0 ? $"; {warned} with a warning." : ".").ToString();
    }

    public static string Json(IReadOnlyList<Checked> results) => JsonSerializer.Serialize(
        new ReportBody(
            Examination.ExitCode(results) == 0,
            [.. results.Select(r => new ReportLine(r.Name, r.Finding.Severity, r.Finding.Found, r.Finding.Remedy))]),
        ReportJson.Default.ReportBody);

    private static string Mark(Severity severity) => severity switch
    {
        Severity.Ok => "ok  ",
        Severity.Warn => "warn",
        _ => "FAIL",
    };
}

internal sealed record ReportBody(bool Usable, IReadOnlyList<ReportLine> Checks);

internal sealed record ReportLine(string Name, Severity Status, string Found, string? Remedy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReportBody))]
internal sealed partial class ReportJson : JsonSerializerContext;
