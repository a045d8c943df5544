using System.Text.Json;

namespace Atoll.Cli.Output;

/// <summary>Shows a person what the server says without knowing its shape: values by line, lists of things as tables.</summary>
internal static class JsonView
{
    public static void Write(TextWriter output, IEnumerable<KeyValuePair<string, JsonElement>> fields)
    {
        List<(string Name, JsonElement Value)> flat = [.. fields.SelectMany(field => Flatten(field.Key, field.Value))];
        Table.WriteFields(output, [.. flat.Where(field => !IsTable(field.Value)).Select(field => (Label(field.Name), (string?)Text(field.Value)))]);
        foreach ((string name, JsonElement value) in flat.Where(field => IsTable(field.Value)))
        {
            output.WriteLine();
            output.WriteLine($"{Label(name)}:");
            string[] columns = [.. value.EnumerateArray().SelectMany(Columns).Select(column => column.Name).Distinct()];
            Table.Write(
                output, [.. columns.Select(column => Label(column).ToUpperInvariant())],
                value.EnumerateArray().Select(item => Columns(item).ToDictionary(column => column.Name, column => Text(column.Value)))
                    .Select(row => columns.Select(column => row.GetValueOrDefault(column, "")).ToArray()));
        }
    }

    private static IEnumerable<(string Name, JsonElement Value)> Columns(JsonElement item) =>
        item.EnumerateObject().SelectMany(field => Flatten(field.Name, field.Value));

    private static IEnumerable<(string Name, JsonElement Value)> Flatten(string name, JsonElement value) =>
        value.ValueKind is JsonValueKind.Object
            ? value.EnumerateObject().SelectMany(field => Flatten($"{name} {field.Name}", field.Value))
            : [(name, value)];

    private static bool IsTable(JsonElement value) =>
        value.ValueKind is JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.Object);

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Text)),
        _ => value.ToString(),
    };

    private static string Label(string name)
    {
        string words = name.Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }
}
