using System.Buffers;
using System.Text.Json;
using Atoll.Domain;

namespace Atoll.Control.Code;

/// <summary>
/// A message of a kernel's channels as the Jupyter server passes it on over a WebSocket, as JSON
/// (https://jupyter-client.readthedocs.io/en/latest/messaging.html).
/// </summary>
/// <param name="Type">Such as <c>stream</c> or <c>execute_reply</c>.</param>
/// <param name="Parent">The id of the request that it belongs to; empty for none.</param>
internal sealed record KernelMessage(string Type, string Parent, JsonElement Content)
{
    /// <summary>Where the kernels of this product look for the environment of one execution.</summary>
    private const string EnvironmentField = "atoll_env";

    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;

    /// <exception cref="FaultException">The text is no such message: the sandbox's user may have put anything in the server's place.</exception>
    public static KernelMessage Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement.Clone();
            return root.ValueKind is JsonValueKind.Object
                ? new KernelMessage(TextOf(root, "msg_type") is { Length: > 0 } type ? type : TextOf(Child(root, "header"), "msg_type"),
                    TextOf(Child(root, "parent_header"), "msg_id"), Child(root, "content"))
                : throw Malformed();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    /// <param name="silent">Counts for nothing and shows nothing.</param>
    public static ReadOnlyMemory<byte> ExecuteRequest(string id, string code, bool silent, IReadOnlyDictionary<string, string> environment)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("channel", "shell");
            WriteHeader(json, id);
            json.WriteStartObject("parent_header");
            json.WriteEndObject();
            WriteEnvironment(json, environment);
            json.WriteStartObject("content");
            json.WriteString("code", code);
            json.WriteBoolean("silent", silent);
            json.WriteBoolean("store_history", !silent);
            json.WriteStartObject("user_expressions");
            json.WriteEndObject();
            json.WriteBoolean("allow_stdin", false);

            // What waits behind code that fails is somebody else's.
            json.WriteBoolean("stop_on_error", false);
            json.WriteEndObject();
            json.WriteStartArray("buffers");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    public string Text(string name) => TextOf(Content, name);

    public int? Number(string name) =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;

    /// <summary>The texts of an array, one below the other.</summary>
    public string Lines(string name) =>
        Content.TryGetProperty(name, out JsonElement array) && array.ValueKind is JsonValueKind.Array
            ? string.Join('\n', array.EnumerateArray().Where(line => line.ValueKind is JsonValueKind.String).Select(line => line.GetString()))
            : "";

    private static void WriteHeader(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject("header");
        json.WriteString("msg_id", id);
        json.WriteString("msg_type", "execute_request");
        json.WriteString("username", "");
        json.WriteString("session", "atoll");
        json.WriteString("date", "");
        json.WriteString("version", "5.3");
        json.WriteEndObject();
    }

    private static void WriteEnvironment(Utf8JsonWriter json, IReadOnlyDictionary<string, string> environment)
    {
        json.WriteStartObject("metadata");
        json.WriteStartObject(EnvironmentField);
        foreach ((string name, string value) in environment)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";

    private static JsonElement Child(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.Object ? value : Nothing;

    private static FaultException Malformed() =>
        new Fault(FaultCode.AgentUnavailable, "the code interpreter of the sandbox sent what is no message: restart the context").AsException();
}
