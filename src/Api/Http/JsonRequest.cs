using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Http;

/// <summary>Reads a request's body as one JSON object, whatever its content type says, within <see cref="BodyLimit"/>.</summary>
internal static class JsonRequest
{
    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = BodyLimit.Depth,
        AllowDuplicateProperties = false,
    };

    private static readonly JsonElement EmptyObject = JsonDocument.Parse("{}").RootElement;

    /// <summary>The body's fields. An empty body is an empty object when <paramref name="optional"/>, otherwise 400.</summary>
    public static async Task<JsonFields> ReadAsync(HttpRequest request, bool optional, CancellationToken cancellation)
    {
        byte[] body = await ReadBytesAsync(request, cancellation);
        if (body.AsSpan().TrimStart(" \t\r\n"u8).IsEmpty)
        {
            return optional
                ? new JsonFields(EmptyObject)
                : throw Bad("the request needs a body: send a JSON object");
        }

        return new JsonFields(Parse(body));
    }

    private static JsonElement Parse(byte[] body)
    {
        if (!Utf8.IsValid(body))
        {
            throw Bad("the request's body is not valid UTF-8");
        }

        try
        {
            JsonElement root = JsonDocument.Parse(body, Strict).RootElement;
            return root.ValueKind is JsonValueKind.Object
                ? root
                : throw Bad($"the request's body must be a JSON object, not {JsonFields.Describe(root.ValueKind)}");
        }
        catch (JsonException e) when (e.LineNumber is { } line)
        {
            throw Bad($"the request's body is not valid JSON: look at line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1}");
        }
        catch (JsonException)
        {
            throw Bad("the request's body names the same field twice");
        }
    }

    internal static async Task<byte[]> ReadBytesAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > BodyLimit.Json)
        {
            throw TooLarge();
        }

        PipeReader reader = request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellation);
            if (read.Buffer.Length > BodyLimit.Json)
            {
                // What was read is done with, so that the server can read on and drop the rest.
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge();
            }

            if (read.IsCompleted)
            {
                byte[] body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static FaultException Bad(string message) => new Fault(FaultCode.InvalidArgument, message).AsException();

    internal static FaultException TooLarge() =>
        new Fault(FaultCode.TooLarge, $"the request's body is larger than {BodyLimit.Json} bytes").AsException();
}
