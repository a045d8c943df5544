using System.Runtime.CompilerServices;
using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// Numbered output in a bounded ring. A writer that would overwrite what an attached reader has not seen waits for
/// it, for as long as a reader may hold a process back.
/// <code>
///   bytes   0 ......... first ======== kept ======== next
///                         ^ reader behind this is told Dropped(from, first)
/// </code>
/// </summary>
internal sealed class SimulatedOutput(int capacity, TimeSpan holdBack, TimeProvider time)
{
    private const int LargestChunk = 32 * 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<(OutputStream Stream, long Sequence, byte[] Data)> _kept = new();
    private readonly List<Reader> _readers = [];
    private TaskCompletionSource _changed = NewSignal();
    private long _first;
    private long _next;
    private bool _complete;

    /// <summary>How much was written in all.</summary>
    public long Next
    {
        get
        {
            lock (_lock)
            {
                return _next;
            }
        }
    }

    /// <summary>The same output up to a place, with no reader, for another process to go on with.</summary>
    public SimulatedOutput Copy(long upTo)
    {
        var copy = new SimulatedOutput(capacity, holdBack, time);
        lock (_lock)
        {
            copy._first = Math.Min(_first, upTo);
            foreach ((OutputStream stream, long sequence, byte[] data) in _kept.Where(chunk => chunk.Sequence < upTo))
            {
                copy._kept.AddLast((stream, sequence, data.Length > upTo - sequence ? data[..(int)(upTo - sequence)] : data));
            }

            copy._next = Math.Min(_next, upTo);
        }

        return copy;
    }

    public async Task WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        for (int start = 0; start < data.Length; start += LargestChunk)
        {
            byte[] chunk = data.Slice(start, Math.Min(LargestChunk, data.Length - start)).ToArray();
            await MakeRoomAsync(chunk.Length, cancellation);
            lock (_lock)
            {
                _kept.AddLast((stream, _next, chunk));
                _next += chunk.Length;
                while (_next - _first > capacity && _kept.First is { } oldest)
                {
                    _first = oldest.Value.Sequence + oldest.Value.Data.Length;
                    _kept.RemoveFirst();
                }

                Announce();
            }
        }
    }

    public void Complete()
    {
        lock (_lock)
        {
            _complete = true;
            Announce();
        }
    }

    public async IAsyncEnumerable<ProcessEvent> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = new Reader { Position = from };
        lock (_lock)
        {
            _readers.Add(reader);
        }

        try
        {
            while (true)
            {
                (ProcessEvent? next, Task? wait) = Take(reader);
                if (next is not null)
                {
                    yield return next;
                }
                else if (wait is null)
                {
                    yield break;
                }
                else
                {
                    await wait.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(reader);
                Announce();
            }
        }
    }

    private async Task MakeRoomAsync(int length, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            Task change;
            lock (_lock)
            {
                long firstAfter = _next + length - capacity;
                if (_readers.TrueForAll(reader => reader.Position >= firstAfter || reader.Position < _first))
                {
                    return;
                }

                change = _changed.Task;
            }

            TimeSpan left = holdBack - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            try
            {
                await change.WaitAsync(left, time, cancellation);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    /// <summary>The reader's next event, or what to wait for; neither at the end.</summary>
    private (ProcessEvent? Next, Task? Wait) Take(Reader reader)
    {
        lock (_lock)
        {
            if (reader.Position < _first)
            {
                var dropped = new ProcessEvent.Dropped(reader.Position, _first);
                reader.Position = _first;
                Announce();
                return (dropped, null);
            }

            foreach ((OutputStream stream, long sequence, byte[] data) in _kept)
            {
                if (sequence + data.Length > reader.Position)
                {
                    int skip = (int)Math.Max(0, reader.Position - sequence);
                    reader.Position = sequence + data.Length;
                    Announce();
                    return (new ProcessEvent.Output(stream, sequence + skip, data.AsMemory(skip)), null);
                }
            }

            return (null, _complete ? null : _changed.Task);
        }
    }

    private void Announce()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Reader
    {
        public long Position { get; set; }
    }
}
