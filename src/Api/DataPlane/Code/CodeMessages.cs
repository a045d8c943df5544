using System.Globalization;
using System.Text.Json;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Code;
using Google.Protobuf.WellKnownTypes;

namespace Atoll.Api.DataPlane.Code;

/// <summary>Says what becomes of an execution in the words of contracts/scalebox.md 3.6.</summary>
internal static class CodeMessages
{
    /// <param name="last">Whether nothing was the main result before the end: then the end is.</param>
    public static ExecuteResponse Of(CodeEvent happened, bool last = false) => happened switch
    {
        CodeEvent.Output { IsError: true } output => new ExecuteResponse { Stderr = new Printed { Content = output.Text } },
        CodeEvent.Output output => new ExecuteResponse { Stdout = new Printed { Content = output.Text } },
        CodeEvent.Error error => new ExecuteResponse { Error = new CodeFailure { Name = error.Name, Value = error.Value, Traceback = error.Traceback } },
        CodeEvent.Shown shown => new ExecuteResponse { Result = ResultOf(shown) },
        CodeEvent.End end => new ExecuteResponse
        {
            Result = new Result
            {
                ExitCode = end.ExitCode,
                StartedAt = Timestamp.FromDateTimeOffset(end.StartedAt),
                FinishedAt = Timestamp.FromDateTimeOffset(end.FinishedAt),
                ExecutionCount = end.ExecutionCount,
                IsMainResult = last,
            },
        },
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "has no message"),
    };

    public static Context Of(CodeContext context) => new()
    {
        Id = context.Id,
        Language = context.Language,
        Cwd = context.WorkingDirectory,
        CreatedAt = Timestamp.FromDateTimeOffset(context.CreatedAt),
    };

    /// <summary>A chart from JSON such as <see cref="CodeResult.Chart"/>; null when it is none. Elements that no form fits are left out.</summary>
    public static Chart? ChartOf(string? json)
    {
        if (json is null)
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json);
        return ChartOf(document.RootElement, nested: false);
    }

    private static Result ResultOf(CodeEvent.Shown shown)
    {
        CodeResult result = shown.Result;
        var message = new Result
        {
            Text = result.Text ?? "",
            Html = result.Html ?? "",
            Markdown = result.Markdown ?? "",
            Svg = result.Svg ?? "",
            Png = result.Png ?? "",
            Jpeg = result.Jpeg ?? "",
            Pdf = result.Pdf ?? "",
            Latex = result.Latex ?? "",
            Json = result.Json ?? "",
            Javascript = result.Javascript ?? "",
            Data = result.Data ?? "",
            ExecutionCount = shown.ExecutionCount,
            IsMainResult = result.IsMain,
        };
        if (ChartOf(result.Chart) is { } chart)
        {
            message.Chart = chart;
        }

        foreach ((string type, string value) in result.Extra)
        {
            message.Extra[type] = TextOf(JsonDocument.Parse(value).RootElement);
        }

        return message;
    }

    private static Chart ChartOf(JsonElement json, bool nested)
    {
        var chart = new Chart();
        foreach (JsonProperty field in json.EnumerateObject())
        {
            switch (field.Name)
            {
                case "type":
                    chart.Type = TextOf(field.Value);
                    break;
                case "title":
                    chart.Title = TextOf(field.Value);
                    break;
                case "elements":
                    break;
                case var name when field.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined):
                    chart.Extra[name] = TextOf(field.Value);
                    break;
            }
        }

        if (json.TryGetProperty("elements", out JsonElement elements) && elements.ValueKind is JsonValueKind.Array)
        {
            chart.Elements.AddRange(elements.EnumerateArray().Where(IsObject).Select(element => ElementOf(chart.Type, element, nested)).OfType<ChartElement>());
        }

        return chart;
    }

    private static ChartElement? ElementOf(string type, JsonElement element, bool nested) => type switch
    {
        "line" or "scatter" => new ChartElement { PointData = PointsOf(element) },
        "bar" => new ChartElement { BarData = new BarData { Label = Text(element, "label"), Group = Text(element, "group"), Value = Text(element, "value") } },
        "pie" => new ChartElement { PieData = new PieData { Label = Text(element, "label"), Angle = Number(element, "angle"), Radius = Number(element, "radius") } },
        "box_and_whisker" => new ChartElement { BoxWhiskerData = BoxOf(element) },
        "superchart" when !nested => new ChartElement { NestedChart = ChartOf(element, nested: true) },
        _ => null,
    };

    private static PointData PointsOf(JsonElement element)
    {
        var points = new PointData { Label = Text(element, "label") };
        if (element.TryGetProperty("points", out JsonElement all) && all.ValueKind is JsonValueKind.Array)
        {
            points.Points.AddRange(all.EnumerateArray().Select(PointOf).OfType<Point>());
        }

        return points;
    }

    /// <summary>A pair in an array, or an object with x and y.</summary>
    private static Point? PointOf(JsonElement json)
    {
        JsonElement x, y;
        if (json.ValueKind is JsonValueKind.Array && json.GetArrayLength() == 2)
        {
            (x, y) = (json[0], json[1]);
        }
        else if (!IsObject(json) || !json.TryGetProperty("x", out x) || !json.TryGetProperty("y", out y))
        {
            return null;
        }

        var point = new Point();
        if (x.ValueKind is JsonValueKind.Number)
        {
            point.XNum = x.GetDouble();
        }
        else
        {
            point.XStr = TextOf(x);
        }

        if (y.ValueKind is JsonValueKind.Number)
        {
            point.YNum = y.GetDouble();
        }
        else
        {
            point.YStr = TextOf(y);
        }

        return point;
    }

    private static BoxWhiskerData BoxOf(JsonElement element)
    {
        var box = new BoxWhiskerData
        {
            Label = Text(element, "label"),
            Min = Number(element, "min"),
            FirstQuartile = Number(element, "first_quartile"),
            Median = Number(element, "median"),
            ThirdQuartile = Number(element, "third_quartile"),
            Max = Number(element, "max"),
        };
        if (element.TryGetProperty("outliers", out JsonElement outliers) && outliers.ValueKind is JsonValueKind.Array)
        {
            box.Outliers.AddRange(outliers.EnumerateArray().Where(o => o.ValueKind is JsonValueKind.Number).Select(o => o.GetDouble()));
        }

        return box;
    }

    private static bool IsObject(JsonElement json) => json.ValueKind is JsonValueKind.Object;

    private static string Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? TextOf(value) : "";

    private static double Number(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) switch
    {
        true when value.ValueKind is JsonValueKind.Number => value.GetDouble(),
        true when value.ValueKind is JsonValueKind.String
            && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
        _ => 0,
    };

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => value.GetRawText(),
    };
}
