using System.Net.Http.Headers;
using System.Text.Json;

namespace Atoll.Sdk.Http;

/// <summary>Reads what an error reply says, whatever shape it has: the envelope, another JSON, or none.</summary>
internal static class ErrorReply
{
    private const int MaxBody = 64 * 1024;

    public static async Task<ApiFailure> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellation)
    {
        byte[] body = await ReadBoundedAsync(response, cancellation).ConfigureAwait(false);
        string? message = null, code = null, field = null, requestId = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            message = Text(root, "message") ?? Text(root, "error") ?? Text(root, "detail");
            code = Text(root, "code");
            field = Text(root, "field");
            requestId = Text(root, "request_id");
        }
        catch (JsonException)
        {
            // A proxy's or another program's reply; the status has to do.
        }
        return new ApiFailure(
            response.StatusCode,
            message ?? $"the server answered {(int)response.StatusCode} without an explanation",
            code ?? "",
            field,
            requestId ?? Header(response, "X-Request-Id"),
            RetryAfter(response.Headers.RetryAfter, time));
    }

    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider time)
    {
        TimeSpan? wait = header?.Delta ?? (header?.Date - time.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static async Task<byte[]> ReadBoundedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        byte[] buffer = new byte[MaxBody];
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        return buffer[..length];
    }

    private static string? Text(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }
        return value.ValueKind switch
        {
            JsonValueKind.String when value.GetString() is { Length: > 0 } text => text,
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
