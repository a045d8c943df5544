using System.Globalization;
using System.IO.Compression;
using Atoll.Domain.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Sends a file of a sandbox: ranges, conditions, an ETag of size and time. The framework evaluates those; this class
/// gives it the file. What a guest wrote may be a web page that means ill: it is sent so that no browser runs it in the
/// name of this server.
/// </summary>
internal static class FileReply
{
    private const string Binary = "application/octet-stream";
    private const int BlockSize = 64 * 1024;
    private static readonly FileExtensionContentTypeProvider Types = new();

    /// <summary>To be kept: under its own name, as bytes.</summary>
    public static async Task<IResult> AttachmentAsync(HttpContext http, ISandboxFiles files, FilePath path)
    {
        FileBody body = await OpenAsync(http, files, path);
        FileEntry entry = body.Entry;
        Dress(http, "attachment", entry.Name);
        return Results.Stream(
            body, Binary, fileDownloadName: null, entry.ModifiedAt, new EntityTagHeaderValue(Tag(entry)), enableRangeProcessing: TakesRange(http));
    }

    /// <summary>To be shown: with its type, gzipped when the client takes that and it makes it shorter.</summary>
    /// <returns>Null when the client takes it neither gzipped nor as it is: 406.</returns>
    public static async Task<IResult?> InlineAsync(HttpContext http, ISandboxFiles files, FilePath path)
    {
        FileBody body = await OpenAsync(http, files, path);
        FileEntry entry = body.Entry;
        string type = Types.TryGetContentType(entry.Name, out string? known) ? known : Binary;

        // A range is of the bytes as they are.
        ContentCoding coding = http.Request.Headers.Range.Count > 0
            ? ContentCoding.Identity
            : ContentCodings.Choose(http.Request.Headers.AcceptEncoding, type, entry.Size);
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        Dress(http, "inline", entry.Name);
        switch (coding)
        {
            case ContentCoding.Identity:
                return Results.Stream(
                    body, type, fileDownloadName: null, entry.ModifiedAt, new EntityTagHeaderValue(Tag(entry)), enableRangeProcessing: TakesRange(http));
            case ContentCoding.Gzip:
                http.Response.RegisterForDisposeAsync(body);
                http.Response.Headers.ContentEncoding = "gzip";
                return Results.Stream(
                    target => CompressAsync(body, target, http.RequestAborted), type, fileDownloadName: null,
                    entry.ModifiedAt, new EntityTagHeaderValue(Tag(entry, "-gzip")));
            default:
                await body.DisposeAsync();
                return null;
        }
    }

    private static Task<FileBody> OpenAsync(HttpContext http, ISandboxFiles files, FilePath path)
    {
        bool whole = HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Range.Count == 0;
        return FileBody.OpenAsync(files, path, whole, http.RequestAborted);
    }

    // The framework would take a range of any unit for one of bytes.
    private static bool TakesRange(HttpContext http) => http.Request.Headers.Range is not [{ } range, ..] || range.TrimStart().StartsWith("bytes", StringComparison.OrdinalIgnoreCase);

    private static void Dress(HttpContext http, string disposition, string name)
    {
        var header = new ContentDispositionHeaderValue(disposition);
        header.SetHttpFileName(name);
        IHeaderDictionary headers = http.Response.Headers;
        headers.ContentDisposition = header.ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "sandbox";
    }

    private static string Tag(FileEntry entry, string suffix = "") =>
        string.Create(CultureInfo.InvariantCulture, $"\"{entry.Size:x}-{entry.ModifiedAt.UtcTicks:x}{suffix}\"");

    private static async Task CompressAsync(FileBody body, Stream target, CancellationToken cancellation)
    {
        await using var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true);
        await body.CopyToAsync(gzip, BlockSize, cancellation);
    }
}
