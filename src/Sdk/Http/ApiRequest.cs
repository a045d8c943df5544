using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Sdk.Http;

/// <summary>One request before it is sent, so that it can be sent again.</summary>
/// <param name="Method">The verb.</param>
/// <param name="Path">Relative to the base URL, without a leading slash, already escaped.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path)
{
    /// <summary>The JSON body in UTF-8; null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Overrides <see cref="AtollClientOptions.RequestTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Sent with each attempt of a POST or PATCH, so that the server does once what is asked for several times; null for other verbs.</summary>
    public string? IdempotencyKey { get; init; } = Method == HttpMethod.Post || Method == HttpMethod.Patch ? $"sdk-{Guid.NewGuid():n}" : null;

    public static ApiRequest Get(string path) => new(HttpMethod.Get, path);

    public static ApiRequest Delete(string path) => new(HttpMethod.Delete, path);

    public static ApiRequest Post<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };

    public static ApiRequest Put<T>(string path, T body, JsonTypeInfo<T> type) => Post(path, body, type) with { Method = HttpMethod.Put };

    /// <summary>The query string of what is given; empty for nothing.</summary>
    public static string Query(params (string Name, string? Value)[] parameters)
    {
        string text = string.Join('&', parameters
            .Where(parameter => !string.IsNullOrEmpty(parameter.Value))
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));
        return text.Length == 0 ? "" : "?" + text;
    }

    /// <summary>A moment as the server takes it.</summary>
    public static string? Time(DateTimeOffset? moment) =>
        moment?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A path segment made of what a caller gave.</summary>
    public static string Segment(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        return value is "." or ".."
            ? throw new ArgumentException($"'{value}' is not an id")
            : Uri.EscapeDataString(value);
    }
}
