using System.Text.Json;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Files;
using Atoll.Domain.Files;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Writes a list of files as it arrives, so that one of a huge directory does not fill memory. Failures before the first
/// entry are replies like any other; after it they break the connection off.
/// </summary>
internal sealed class ScaleBoxFileList(IAsyncEnumerable<FileEntry> entries, TimeProvider time) : IResult
{
    private const int BlockSize = 32 * 1024;

    public static WireFileEntry Entry(FileEntry entry) => new(
        entry.Name, Type(entry.Kind), entry.Path, entry.Size, entry.Mode, FileEntries.Text(entry.Kind, entry.Mode),
        entry.Owner, entry.Group, entry.ModifiedAt.UtcDateTime, entry.LinkTarget);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using IAsyncEnumerator<FileEntry> all = entries.GetAsyncEnumerator(httpContext.RequestAborted);
        bool more = await all.MoveNextAsync();
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteBoolean("success", true);
        json.WriteStartObject("data");
        json.WriteStartArray("entries");
        while (more)
        {
            JsonSerializer.Serialize(json, Entry(all.Current), ScaleBoxJson.Of<WireFileEntry>());
            if (json.BytesPending >= BlockSize)
            {
                json.Flush();
                await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
            }

            more = await all.MoveNextAsync();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteString("timestamp", time.GetUtcNow().UtcDateTime);
        json.WriteEndObject();
    }

    internal static string Type(FileKind kind) => kind switch
    {
        FileKind.File or FileKind.SymbolicLink => "FILE_TYPE_FILE",
        FileKind.Directory => "FILE_TYPE_DIRECTORY",
        FileKind.Other => "FILE_TYPE_UNSPECIFIED",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word in this dialect"),
    };
}
