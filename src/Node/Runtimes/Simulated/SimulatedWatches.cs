using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Atoll.Domain.Files;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>Tells those who watch directories of a simulated sandbox what changes.</summary>
internal sealed class SimulatedWatches
{
    private const int MostKept = 4096;
    private readonly ConcurrentDictionary<Watch, bool> _watches = new();
    private volatile Exception? _ended;

    /// <summary>Watches from the call on, not from the first read.</summary>
    /// <param name="path">A directory's real path, free of links.</param>
    public Watch Open(string path, bool recursive)
    {
        var watch = new Watch(path == "/" ? "" : path, recursive);
        _watches[watch] = true;
        if (_ended is { } why)
        {
            watch.End(why);
        }

        return watch;
    }

    public void Close(Watch watch) => _watches.TryRemove(watch, out _);

    /// <param name="path">Where it happened, free of links.</param>
    /// <param name="node">What is there now; null when nothing is.</param>
    public void Tell(string path, FileChange change, SimulatedInode? node)
    {
        foreach (Watch watch in _watches.Keys)
        {
            watch.Tell(path, change, node);
        }
    }

    /// <summary>Ends every watch with a failure.</summary>
    public void End(Exception why)
    {
        _ended = why;
        foreach (Watch watch in _watches.Keys)
        {
            watch.End(why);
        }
    }

    /// <summary>One watched directory and the events that nobody has read yet, a bounded number.</summary>
    public sealed class Watch(string path, bool recursive)
    {
        private readonly Channel<FileEvent> _events = Channel.CreateBounded<FileEvent>(MostKept);
        private int _overflowed;

        public void Tell(string at, FileChange change, SimulatedInode? node)
        {
            if (!at.StartsWith(path + "/", StringComparison.Ordinal))
            {
                return;
            }

            string name = at[(path.Length + 1)..];
            if ((recursive || !name.Contains('/')) && !_events.Writer.TryWrite(new FileEvent.Changed(name, change, node?.Entry(at))))
            {
                _overflowed = 1;
            }
        }

        public void End(Exception why) => _events.Writer.TryComplete(why);

        public async IAsyncEnumerable<FileEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            while (await _events.Reader.WaitToReadAsync(cancellation))
            {
                while (_events.Reader.TryRead(out FileEvent? happened))
                {
                    yield return happened;
                }

                if (Interlocked.Exchange(ref _overflowed, 0) == 1)
                {
                    yield return new FileEvent.Overflowed();
                }
            }
        }
    }
}
