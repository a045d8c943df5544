using System.Globalization;
using System.Text;
using System.Text.Json;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>The fields of an exec event's JSON (contracts/scalebox.md 1.2), read without building a tree.</summary>
internal ref struct ExecMessage
{
    private byte[]? _data;
    private int? _pid;
    private int? _exitCode;
    private long? _from;
    private long? _to;
    private long? _bytes;
    private string? _code;
    private string? _message;

    /// <summary>What the event means to a reader; null for one that only keeps the connection alive or is unknown.</summary>
    /// <exception cref="ExecFailedException">It is the server's <c>error</c> event.</exception>
    /// <exception cref="ProtocolException">It is not what its name promises.</exception>
    public static ExecEvent? Parse(ServerEvent source)
    {
        if (source.Name is not ("start" or "stdout" or "stderr" or "dropped" or "end" or "error"))
        {
            return null;
        }
        ExecMessage message = default;
        try
        {
            message.Read(source.Data.Span);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw Malformed(source, exception);
        }
        return source.Name switch
        {
            "start" => new ExecEvent.Started(message._pid ?? 0),
            "stdout" => new ExecEvent.Stdout(message._data ?? throw Malformed(source)),
            "stderr" => new ExecEvent.Stderr(message._data ?? throw Malformed(source)),
            "dropped" => new ExecEvent.Dropped(message._bytes ?? (message._to - message._from) ?? throw Malformed(source)),
            "end" => new ExecEvent.Ended(message._exitCode ?? throw Malformed(source)),
            _ => throw new ExecFailedException(message._code ?? "", message._message ?? "the command's run was lost"),
        };
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            Take(name, ref reader);
        }
    }

    private void Take(string name, ref Utf8JsonReader reader)
    {
        switch (name, reader.TokenType)
        {
            case ("data_b64", JsonTokenType.String):
                _data = reader.GetBytesFromBase64();
                break;
            case ("pid", JsonTokenType.Number):
                _pid = reader.GetInt32();
                break;
            case ("exit_code", JsonTokenType.Number):
                _exitCode = reader.GetInt32();
                break;
            case ("from", JsonTokenType.Number):
                _from = reader.GetInt64();
                break;
            case ("to", JsonTokenType.Number):
                _to = reader.GetInt64();
                break;
            case ("bytes", JsonTokenType.Number):
                _bytes = reader.GetInt64();
                break;
            case ("code", JsonTokenType.String or JsonTokenType.Number):
                _code = reader.TokenType == JsonTokenType.String
                    ? reader.GetString()
                    : reader.GetInt64().ToString(CultureInfo.InvariantCulture);
                break;
            case ("message", JsonTokenType.String):
                _message = reader.GetString();
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private static ProtocolException Malformed(ServerEvent source, Exception? inner = null)
    {
        ReadOnlySpan<byte> start = source.Data.Span[..Math.Min(source.Data.Length, 100)];
        return new ProtocolException($"the server sent a malformed '{source.Name}' event: {Encoding.UTF8.GetString(start)}", inner);
    }
}
