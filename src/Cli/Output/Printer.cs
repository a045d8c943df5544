using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Cli.Output;

/// <summary>Prints results in the wanted format.</summary>
internal sealed class Printer(TextWriter output, OutputFormat format)
{
    private static readonly CliJson Indented = new(new JsonSerializerOptions(CliJson.Default.Options) { WriteIndented = true });

    public bool IsJson => format is not OutputFormat.Table;

    /// <summary>Prints <paramref name="value"/> as JSON, or what <paramref name="table"/> writes.</summary>
    public void Print<T>(T value, Func<CliJson, JsonTypeInfo<T>> type, Action<TextWriter> table)
    {
        if (IsJson)
        {
            output.WriteLine(JsonSerializer.Serialize(value, type(format is OutputFormat.Json ? Indented : CliJson.Default)));
            return;
        }
        table(output);
    }
}
