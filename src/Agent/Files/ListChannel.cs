using System.Text;
using Atoll.Agent.Connections;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>Sends what is below a directory, a page at a time as the host reads on.</summary>
internal sealed class ListChannel(Connection connection, uint stream, FileWorkers workers, GuestPaths paths, ListFiles request)
    : FileChannel(connection, stream, workers, request.Credit, 0)
{
    private const int PageSize = 32 * 1024;
    private readonly MessageWriter _page = new();
    private (Func<uint, string> User, Func<uint, string> Group) _names;
    private TreeWalk? _walk;
    private FileStat? _stat;
    private bool _isFilling;
    private bool _atEnd;

    protected override bool NeedsCleaning => _walk is not null;

    // Nothing comes from the host that would have to end.
    protected override bool IsOver => true;

    public void Start() => Work(Open, () =>
    {
        Connection.Write(writer => _stat!.Write(writer, Stream));
        Pump();
    });

    protected override int Produce(Span<byte> into)
    {
        if (_isFilling)
        {
            return 0;
        }

        if (_page.IsEmpty)
        {
            if (_atEnd)
            {
                return -1;
            }

            _isFilling = true;
            Work(Fill, () =>
            {
                _isFilling = false;
                Pump();
            });
            return 0;
        }

        int count = Math.Min(into.Length, _page.Length - _page.Consumed);
        _page.Written.Span[..count].CopyTo(into);
        _page.Consume(count);
        return count;
    }

    protected override void Clean()
    {
        _walk?.Dispose();
        _walk = null;
    }

    private void Open()
    {
        GuestPath path = paths.Resolve(request.Path);
        FileStatus status = GuestPaths.Look(path, follow: true);
        if (!status.IsDirectory)
        {
            throw FileErrors.NotADirectory(path.Text);
        }

        Descriptor directory = PathCalls.Open(null, path.Kernel, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0, out Errno error)
            ?? throw FileErrors.Of(error, path.Text);
        _walk = new TreeWalk(directory, request.Depth);
        _names = paths.Users.Names();
        _stat = paths.Tell(path, status);
        Fill();
    }

    private void Fill()
    {
        while (_page.Length - _page.Consumed < PageSize && !IsGivenUp)
        {
            if (_walk!.Next() is not { } found)
            {
                _atEnd = true;
                return;
            }

            if (!Replacement.IsTemporary(found.Name.Bytes, out _)
                && Encoding.UTF8.GetByteCount(found.Path) + _stat!.Path.Length < ProtocolLimits.MaxPath)
            {
                GuestPaths.Tell(found.Path, found.Status, _names.User, _names.Group, found.Directory, found.Name).WriteRecord(_page);
            }
        }
    }
}
