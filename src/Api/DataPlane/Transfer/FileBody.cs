using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// A file of a sandbox as a stream that can be sought in: a seek opens the file again at the wanted place. Never longer
/// than the file was when it was opened, whatever is appended meanwhile. One whose size the sandbox's kernel does not know
/// before its end, as in /proc, is read to that and cannot be sought in.
/// </summary>
internal sealed class FileBody : ReadingStream
{
    private readonly ISandboxFiles _files;
    private readonly FilePath _path;
    private FileReading _reading;
    private long _readAt;

    private FileBody(ISandboxFiles files, FilePath path, FileReading opened, bool whole)
    {
        _files = files;
        _path = path;
        _reading = opened;
        _readAt = whole ? 0 : -1;
        Entry = opened.Entry;
    }

    /// <summary>The file as it was opened.</summary>
    public FileEntry Entry { get; }

    public override bool CanSeek => Entry.Size >= 0;

    public override long Length => Entry.Size;

    public override long Position { get; set; }

    /// <summary>Opens a file for reading, through links.</summary>
    /// <param name="whole">Whether it will be read from its start; otherwise nothing is read until a seek.</param>
    public static async Task<FileBody> OpenAsync(ISandboxFiles files, FilePath path, bool whole, CancellationToken cancellation) =>
        new(files, path, await files.ReadAsync(path, 0, whole ? null : 0, cancellation), whole);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int most = CanSeek ? (int)Math.Min(buffer.Length, Length - Position) : buffer.Length;
        if (most <= 0)
        {
            return 0;
        }

        if (_readAt != Position)
        {
            await ReopenAsync(cancellationToken);
        }

        int read = await _reading.Content.ReadAsync(buffer[..most], cancellationToken);
        Position += read;
        _readAt = Position;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override async ValueTask DisposeAsync() => await _reading.DisposeAsync();

    private async ValueTask ReopenAsync(CancellationToken cancellation)
    {
        await _reading.DisposeAsync();
        _reading = await _files.ReadAsync(_path, Position, Length - Position, cancellation);
        if (_reading.Entry.Size != Entry.Size || _reading.Entry.ModifiedAt != Entry.ModifiedAt)
        {
            throw new Fault(FaultCode.Busy, $"the file changes while it is read: {Entry.Path}").AsException();
        }

        _readAt = Position;
    }
}
