using System.Text.Json;
using Atoll.Domain;

namespace Atoll.Api.Http;

/// <summary>
/// The fields of one JSON object, read strictly: a value of the wrong kind is a fault that names the field, what is
/// wanted and what came. <c>null</c> is the same as absent; fields that nobody reads are ignored.
/// </summary>
internal readonly struct JsonFields(JsonElement element, string path = "")
{
    public string? String(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.String
            ? Text(value, PathOf(name))
            : throw Wrong(name, "a string", value);
    }

    public string RequiredString(string name) => String(name) ?? throw Missing(name);

    public int? Int(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out int number)
            ? number
            : throw Wrong(name, "an integer (without quotes, fraction or exponent, within 32 bits)", value);
    }

    public int RequiredInt(string name) => Int(name) ?? throw Missing(name);

    public bool? Bool(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(name, "true or false", value),
    };

    public bool RequiredBool(string name) => Bool(name) ?? throw Missing(name);

    /// <summary>An object whose values are all strings; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> StringMap(string name)
    {
        if (Find(name) is not { } value)
        {
            return new Dictionary<string, string>();
        }

        if (value.ValueKind is not JsonValueKind.Object)
        {
            throw Wrong(name, "an object with string values", value);
        }

        var map = new Dictionary<string, string>();
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string key = KeyOf(property, PathOf(name));
            map[key] = property.Value.ValueKind is JsonValueKind.String
                ? Text(property.Value, $"{PathOf(name)}.{key}")
                : throw WrongAt($"{PathOf(name)}.{key}", "a string", property.Value);
        }

        return map;
    }

    /// <summary>JSON of one kind, given as it is or as a text that holds it; null when absent. A text is not looked into.</summary>
    public string? Json(string name, JsonValueKind kind) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => Text(text, PathOf(name)),
        { } value when value.ValueKind == kind => value.GetRawText(),
        { } value => throw Wrong(name, $"{Describe(kind)} or a string that holds one", value),
    };

    public JsonFields? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields(value, PathOf(name)),
        { } value => throw Wrong(name, "an object", value),
    };

    /// <summary>An array whose items are all strings; empty when absent.</summary>
    public IReadOnlyList<string> Strings(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind is not JsonValueKind.Array)
        {
            throw Wrong(name, "an array of strings", value);
        }

        var items = new List<string>();
        foreach (JsonElement item in value.EnumerateArray())
        {
            string at = $"{PathOf(name)}[{items.Count}]";
            items.Add(item.ValueKind is JsonValueKind.String ? Text(item, at) : throw WrongAt(at, "a string", item));
        }

        return items;
    }

    /// <summary>An array whose items are all objects; empty when absent.</summary>
    public IReadOnlyList<JsonFields> Objects(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind is not JsonValueKind.Array)
        {
            throw Wrong(name, "an array of objects", value);
        }

        var items = new List<JsonFields>();
        foreach (JsonElement item in value.EnumerateArray())
        {
            string at = $"{PathOf(name)}[{items.Count}]";
            items.Add(item.ValueKind is JsonValueKind.Object ? new JsonFields(item, at) : throw WrongAt(at, "an object", item));
        }

        return items;
    }

    /// <summary>True when the field holds anything but null, false, an empty text, object or array.</summary>
    public bool IsGiven(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.String } text => !text.ValueEquals(""),
        { ValueKind: JsonValueKind.Array } array => array.GetArrayLength() > 0,
        { ValueKind: JsonValueKind.Object } map => map.GetPropertyCount() > 0,
        _ => true,
    };

    /// <summary>The field's full name in the request, such as <c>custom_ports[0].port</c>.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    internal static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    private JsonElement? Find(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    private static string Text(JsonElement value, string at)
    {
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault.Invalid(at, $"{at} holds half of a surrogate pair, which is no text").AsException();
        }

        return text.Contains('\0') ? throw Fault.Invalid(at, $"{at} must not contain the character U+0000").AsException() : text;
    }

    private static string KeyOf(JsonProperty property, string at)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw Fault.Invalid(at, $"a name in {at} holds half of a surrogate pair, which is no text").AsException();
        }
    }

    private FaultException Missing(string name) => Fault.Invalid(PathOf(name), $"{PathOf(name)} is required").AsException();

    private FaultException Wrong(string name, string wanted, JsonElement value) => WrongAt(PathOf(name), wanted, value);

    private static FaultException WrongAt(string at, string wanted, JsonElement value) => Fault.Invalid(
        at,
        value.ValueKind is JsonValueKind.Number && wanted.StartsWith("an integer", StringComparison.Ordinal)
            ? $"{at} must be {wanted}"
            : $"{at} must be {wanted}, not {Describe(value.ValueKind)}").AsException();
}
