using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// Sends what happens in a directory. While what was found waits to be sent the kernel keeps what comes after it; when
/// that lasts long, the events are taken and dropped, and the host is told.
/// </summary>
internal sealed class WatchChannel(
    Connection connection, uint stream, EventLoop loop, FileWorkers workers, GuestPaths paths, WatchFiles request)
    : FileChannel(connection, stream, workers, request.Credit, 0)
{
    /// <summary>Milliseconds that events wait for the host before they are dropped.</summary>
    private const int Patience = 5000;

    private readonly MessageWriter _records = new();
    private WatchedTree? _tree;
    private LoopTimer? _patience;
    private bool _isArmed;

    protected override bool NeedsCleaning => _tree is not null;

    // Nothing comes from the host that would have to end.
    protected override bool IsOver => true;

    public void Start() => Work(Open, () =>
    {
        Connection.Write(writer => Bare.Write(writer, MessageType.Watching, Stream));
        Continue();
    });

    protected override int Produce(Span<byte> into)
    {
        if (IsBusy)
        {
            return 0;
        }

        if (_records.IsEmpty)
        {
            return _tree!.IsOver ? -1 : 0;
        }

        int count = Math.Min(into.Length, _records.Length - _records.Consumed);
        _records.Written.Span[..count].CopyTo(into);
        _records.Consume(count);
        if (_records.IsEmpty)
        {
            Listen();
        }

        return count;
    }

    protected override void Stop()
    {
        Disarm();
        loop.Cancel(_patience);
    }

    protected override void Clean()
    {
        _tree?.Dispose();
        _tree = null;
    }

    private void Open()
    {
        GuestPath path = paths.Resolve(request.Path);
        if (!GuestPaths.Look(path, follow: true).IsDirectory)
        {
            throw FileErrors.NotADirectory(path.Text);
        }

        _tree = new WatchedTree(path, request.Recursive, paths, _records);
        _tree.Open();
    }

    // What was found is sent; when nothing was, or all is sent, more is waited for.
    private void Continue()
    {
        if (_records.IsEmpty && !_tree!.IsOver)
        {
            Listen();
        }
        else
        {
            _patience = loop.At(loop.Now + Patience, () => Read(drops: true));
            Pump();
        }
    }

    private void Listen()
    {
        loop.Cancel(_patience);
        if (_tree!.HasMore)
        {
            Read(drops: false);
        }
        else if (!_isArmed)
        {
            _isArmed = true;
            loop.Add(_tree.Descriptor, EpollEvents.EPOLLIN, _ =>
            {
                Disarm();
                Read(drops: false);
            });
        }
    }

    private void Read(bool drops)
    {
        if (!IsBusy && !IsGivenUp)
        {
            Disarm();
            Work(() => _tree!.Read(drops), Continue);
        }
    }

    private void Disarm()
    {
        if (_isArmed)
        {
            _isArmed = false;
            loop.Remove(_tree!.Descriptor);
        }
    }
}
