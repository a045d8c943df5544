using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Atoll.Domain.Code;

namespace Atoll.Api.Dialects.E2b;

/// <summary>The lines of JSON that say what becomes of an execution (contracts/e2b.md 4). Fields without a value are left out.</summary>
internal static class E2bCodeWire
{
    public static readonly byte[] KeepAlive = Line(json => json.WriteString("type", "keepalive"));

    public static IEnumerable<byte[]> Lines(CodeEvent happened) => happened switch
    {
        CodeEvent.Output output => [Line(json => WriteOutput(json, output))],
        CodeEvent.Shown shown => [Line(json => WriteResult(json, shown.Result))],
        CodeEvent.Error error => [Line(json => WriteError(json, error))],
        CodeEvent.End end =>
        [
            Line(json =>
            {
                json.WriteString("type", "number_of_executions");
                json.WriteNumber("execution_count", end.ExecutionCount);
            }),
            Line(json => json.WriteString("type", "end_of_execution")),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "has no line"),
    };

    /// <summary>The end of an execution of which more cannot be known.</summary>
    public static IEnumerable<byte[]> Failure(string message) =>
        [Line(json => WriteError(json, new CodeEvent.Error("SandboxError", message, message))), Line(json => json.WriteString("type", "end_of_execution"))];

    public static void Write(Utf8JsonWriter json, CodeContext context)
    {
        json.WriteStartObject();
        json.WriteString("id", context.Id);
        json.WriteString("language", CodeLanguage.Find(context.Language).Name);
        json.WriteString("cwd", context.WorkingDirectory);
        json.WriteEndObject();
    }

    private static byte[] Line(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteOutput(Utf8JsonWriter json, CodeEvent.Output output)
    {
        json.WriteString("type", output.IsError ? "stderr" : "stdout");
        json.WriteString("text", output.Text);
        json.WriteString("timestamp", output.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
    }

    private static void WriteError(Utf8JsonWriter json, CodeEvent.Error error)
    {
        json.WriteString("type", "error");
        json.WriteString("name", error.Name);
        json.WriteString("value", error.Value);
        json.WriteString("traceback", error.Traceback);
    }

    private static void WriteResult(Utf8JsonWriter json, CodeResult result)
    {
        json.WriteString("type", "result");
        (string Name, string? Value)[] texts =
        [
            ("text", result.Text), ("html", result.Html), ("markdown", result.Markdown), ("svg", result.Svg), ("png", result.Png),
            ("jpeg", result.Jpeg), ("pdf", result.Pdf), ("latex", result.Latex), ("javascript", result.Javascript),
        ];
        foreach ((string name, string? value) in texts.Where(text => text.Value is not null))
        {
            json.WriteString(name, value);
        }

        foreach ((string name, string? value) in ((string, string?)[])[("json", result.Json), ("data", result.Data), ("chart", result.Chart)])
        {
            if (value is not null)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(value);
            }
        }

        if (result.Extra.Count > 0)
        {
            json.WriteStartObject("extra");
            foreach ((string type, string value) in result.Extra)
            {
                json.WritePropertyName(type);
                json.WriteRawValue(value);
            }

            json.WriteEndObject();
        }

        json.WriteBoolean("is_main_result", result.IsMain);
    }
}
