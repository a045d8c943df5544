using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Templates;

namespace Atoll.Control.Templates;

/// <summary>Reads a template's <c>custom_command</c> and <c>ready_command</c>: a command line, or JSON (contracts/scalebox.md 1.5).</summary>
internal static class StartCommands
{
    private const string Shell = "/bin/sh";

    /// <summary>What a sandbox starts with: the command, with what it leaves open as the image says; empty for nothing.</summary>
    public static IReadOnlyList<string> Start(string command, ImageConfig? image)
    {
        if (string.IsNullOrWhiteSpace(command))
        {
            return [.. image?.Entrypoint ?? [], .. image?.Command ?? []];
        }

        if (!command.TrimStart().StartsWith('{'))
        {
            return [Shell, "-c", command];
        }

        using JsonDocument document = Parse("custom_command", command);
        IReadOnlyList<string>? entrypoint = Words("custom_command", document.RootElement, "Entrypoint");
        IReadOnlyList<string>? arguments = Words("custom_command", document.RootElement, "Cmd");
        if (entrypoint is null && arguments is null)
        {
            throw Invalid("custom_command", "custom_command must be a command line, or JSON such as {\"Entrypoint\":[\"/app\"],\"Cmd\":[\"serve\"]}");
        }

        // As docker does it: another entrypoint takes the image's arguments away with it.
        return [.. entrypoint ?? image?.Entrypoint ?? [], .. arguments ?? (entrypoint is null ? image?.Command ?? [] : [])];
    }

    /// <summary>What must hold before a sandbox can be used; null for nothing.</summary>
    public static ReadyCheck? Ready(string command)
    {
        if (string.IsNullOrWhiteSpace(command))
        {
            return null;
        }

        if (!command.TrimStart().StartsWith('{'))
        {
            return new ReadyCheck.Exec([Shell, "-c", command]);
        }

        using JsonDocument document = Parse("ready_command", command);
        JsonElement root = document.RootElement;
        foreach (string type in (string[])["exec", "httpGet", "tcpSocket"])
        {
            if (root.TryGetProperty(type, out JsonElement nested) && nested.ValueKind is JsonValueKind.Object)
            {
                return Check(type, nested);
            }
        }

        return root.TryGetProperty("type", out JsonElement word) && word.ValueKind is JsonValueKind.String ? Check(word.GetString()!, root) : throw BadReady();
    }

    private static ReadyCheck Check(string type, JsonElement fields) => type switch
    {
        "exec" when Words("ready_command", fields, "command") is { Count: > 0 } words => new ReadyCheck.Exec(words),
        "httpGet" => new ReadyCheck.HttpGet(Port(fields), Path(fields)),
        "tcpSocket" => new ReadyCheck.TcpSocket(Port(fields)),
        _ => throw BadReady(),
    };

    private static int Port(JsonElement fields) =>
        fields.TryGetProperty("port", out JsonElement port) && port.ValueKind is JsonValueKind.Number && port.TryGetInt32(out int number) && number is > 0 and < 65536
            ? number
            : throw Invalid("ready_command", "ready_command: port must be 1 to 65535");

    private static string Path(JsonElement fields)
    {
        string path = fields.TryGetProperty("path", out JsonElement given) && given.ValueKind is JsonValueKind.String ? given.GetString()! : "/";
        return path.StartsWith('/') && path.All(c => c > ' ' && c < 127)
            ? path
            : throw Invalid("ready_command", "ready_command: path must start with / and be written in ASCII without spaces");
    }

    /// <summary>Null when it is absent. One text is a command line.</summary>
    private static IReadOnlyList<string>? Words(string field, JsonElement fields, string name)
    {
        if (!fields.TryGetProperty(name, out JsonElement value) || value.ValueKind is JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.String)
        {
            return [Shell, "-c", value.GetString()!];
        }

        return value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Invalid(field, $"{field}: {name} must be an array of texts");
    }

    private static JsonDocument Parse(string field, string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw Invalid(field, $"{field} starts as JSON and is none: look at byte {(e.BytePositionInLine ?? 0) + 1}");
        }
    }

    private static FaultException BadReady() => Invalid(
        "ready_command", "ready_command must be a command line, or JSON such as {\"type\":\"httpGet\",\"port\":8080,\"path\":\"/health\"}; types are exec (with command), httpGet and tcpSocket");

    private static FaultException Invalid(string field, string message) => Fault.Invalid(field, message).AsException();
}
