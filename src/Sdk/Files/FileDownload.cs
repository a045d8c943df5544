using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>A file that is being read from a sandbox.</summary>
public sealed class FileDownload : IDisposable
{
    private readonly Transport _transport;
    private readonly HttpResponseMessage _reply;
    private readonly Patience _patience;
    private readonly Stream _body;

    internal FileDownload(Transport transport, HttpResponseMessage reply, Patience patience, long offset, Stream body) =>
        (_transport, _reply, _patience, Offset, _body) = (transport, reply, patience, offset, body);

    /// <summary>Which byte of the file comes first.</summary>
    public long Offset { get; }

    /// <summary>Bytes of the whole file; null when the server does not say.</summary>
    public long? Length => _reply.Content.Headers.ContentRange?.Length
        ?? (_reply.Content.Headers.ContentLength is { } rest ? Offset + rest : null);

    /// <summary>Tells this content of the file from another; null when the server does not say.</summary>
    public string? Version => _reply.Headers.ETag?.ToString();

    /// <summary>Reads what comes next; 0 at the end.</summary>
    /// <exception cref="ConnectionException">It broke off: a download from the offset reached may go on.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer)
    {
        int count = await _transport.ReadAsync(_body, buffer, _patience).ConfigureAwait(false);
        _patience.Renew();
        return count;
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        _reply.Dispose();
        _patience.Dispose();
    }
}
