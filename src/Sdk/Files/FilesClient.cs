using System.Net;
using System.Net.Http.Headers;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>
/// Reads and writes the files of sandboxes. Paths are absolute. Contents are streamed, so a file may be of any size;
/// a transfer that makes no progress for <see cref="AtollClientOptions.StreamIdleTimeout"/> fails.
/// </summary>
public sealed class FilesClient
{
    private readonly Transport _transport;

    internal FilesClient(Transport transport) => _transport = transport;

    /// <summary>What is at a path.</summary>
    /// <exception cref="NotFoundException">Nothing is, or there is no such sandbox.</exception>
    public async Task<FileEntry> StatAsync(string sandboxId, string path, CancellationToken cancellation = default) =>
        (await _transport.SendAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/stat", new FileQuery(path), SdkJson.Default.FileQuery),
            SdkJson.Default.FileEntryReply, cancellation).ConfigureAwait(false)).Entry;

    /// <summary>What is below a directory.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="path">The directory.</param>
    /// <param name="depth">Levels below it, at least 1.</param>
    /// <param name="cancellation">Stops the waiting.</param>
    public async Task<IReadOnlyList<FileEntry>> ListAsync(string sandboxId, string path, int depth = 1, CancellationToken cancellation = default) =>
        (await _transport.SendAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/list", new FileQuery(path, depth), SdkJson.Default.FileQuery),
            SdkJson.Default.FileListReply, cancellation).ConfigureAwait(false)).Entries ?? [];

    /// <summary>Writes a file whole; a transfer that breaks off leaves the old one. Missing directories are made.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="path">Where to.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="progress">Told how many bytes have been sent.</param>
    /// <param name="cancellation">Breaks it off.</param>
    public async Task UploadAsync(
        string sandboxId, string path, Stream content, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        using Patience patience = new(_transport.Options.StreamIdleTimeout, _transport.Options.TimeProvider, cancellation);
        using MultipartFormDataContent form = new()
        {
            { new StringContent(path), "path" },
            {
                new StreamContent(new MeteredStream(content, count =>
                {
                    patience.Renew();
                    progress?.Invoke(count);
                })),
                "file", "file"
            },
        };
        using HttpRequestMessage message = new(HttpMethod.Post, $"{PathOf(sandboxId)}/upload") { Content = form };
        (await _transport.OpenAsync(message, patience).ConfigureAwait(false)).Dispose();
    }

    /// <summary>Opens a file for reading.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="path">The file.</param>
    /// <param name="offset">Bytes to skip, with <paramref name="version"/>.</param>
    /// <param name="version">The file's <see cref="FileDownload.Version"/> when its beginning was read; when it has changed since, all of it comes.</param>
    /// <param name="cancellation">Breaks it off.</param>
    public async Task<FileDownload> DownloadAsync(
        string sandboxId, string path, long offset = 0, string? version = null, CancellationToken cancellation = default)
    {
        string escaped = string.Join('/', path.TrimStart('/').Split('/').Select(Uri.EscapeDataString));
        using HttpRequestMessage message = new(HttpMethod.Get, $"{PathOf(sandboxId)}/download/{escaped}");
        if (offset > 0 && version is not null)
        {
            message.Headers.Range = new RangeHeaderValue(offset, null);
            message.Headers.IfRange = RangeConditionHeaderValue.Parse(version);
        }
        Patience patience = new(_transport.Options.StreamIdleTimeout, _transport.Options.TimeProvider, cancellation);
        try
        {
            HttpResponseMessage reply = await _transport.OpenAsync(message, patience).ConfigureAwait(false);
            long start = reply.StatusCode is HttpStatusCode.PartialContent ? offset : 0;
            return new FileDownload(_transport, reply, patience, start, await reply.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false));
        }
        catch
        {
            patience.Dispose();
            throw;
        }
    }

    private static string PathOf(string sandboxId) => $"v1/sandboxes/{ApiRequest.Segment(sandboxId)}/files";
}
