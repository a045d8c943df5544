using System.Text.Json;
using Atoll.Domain.Code;

namespace Atoll.Control.Code;

/// <summary>Reads what a kernel shows: one thing in several media types.</summary>
internal static class MimeBundle
{
    private const string ChartType = "application/vnd.atoll.chart+json";
    private const string DataType = "application/vnd.atoll.data+json";
    private const string JsonType = "application/json";

    private static readonly string[] Charts = ["line", "scatter", "bar", "pie", "box_and_whisker", "superchart"];

    /// <param name="content">Of a <c>display_data</c> or <c>execute_result</c> message.</param>
    public static CodeResult Read(JsonElement content, bool isMain)
    {
        var result = new CodeResult { IsMain = isMain };
        if (!content.TryGetProperty("data", out JsonElement bundle) || bundle.ValueKind is not JsonValueKind.Object)
        {
            return result;
        }

        var extra = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty form in bundle.EnumerateObject())
        {
            result = Add(result, form, extra);
        }

        return result with { Extra = extra };
    }

    private static CodeResult Add(CodeResult result, JsonProperty form, Dictionary<string, string> extra)
    {
        switch (form.Name)
        {
            case "text/plain":
                return result with { Text = TextOf(form.Value) };
            case "text/html":
                return result with { Html = TextOf(form.Value) };
            case "text/markdown":
                return result with { Markdown = TextOf(form.Value) };
            case "text/latex":
                return result with { Latex = TextOf(form.Value) };
            case "image/svg+xml":
                return result with { Svg = TextOf(form.Value) };
            case "image/png":
                return result with { Png = Base64Of(form.Value) };
            case "image/jpeg":
                return result with { Jpeg = Base64Of(form.Value) };
            case "application/pdf":
                return result with { Pdf = Base64Of(form.Value) };
            case "application/javascript":
                return result with { Javascript = TextOf(form.Value) };
            case DataType:
                return result with { Data = form.Value.GetRawText() };
            case ChartType when IsChart(form.Value):
                return result with { Chart = form.Value.GetRawText() };
            case JsonType:
                result = result with { Json = form.Value.GetRawText() };
                return IsChart(form.Value) ? result with { Chart = form.Value.GetRawText() } : result;
            default:
                extra[form.Name] = form.Value.GetRawText();
                return result;
        }
    }

    /// <summary>Code shows a chart by showing JSON of this form (contracts/scalebox.md 4).</summary>
    private static bool IsChart(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object
        && value.TryGetProperty("type", out JsonElement type) && type.ValueKind is JsonValueKind.String && Charts.Contains(type.GetString())
        && value.TryGetProperty("elements", out JsonElement elements) && elements.ValueKind is JsonValueKind.Array;

    // Old kernels send a text as an array of its lines.
    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Concat(value.EnumerateArray().Select(line => line.ValueKind is JsonValueKind.String ? line.GetString() : line.GetRawText())),
        _ => value.GetRawText(),
    };

    private static string Base64Of(JsonElement value) => TextOf(value).ReplaceLineEndings("");
}
