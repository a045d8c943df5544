using System.Collections.Concurrent;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// Threads for calls that may wait for a disk, so that the loop does not: made as needed up to a bound, kept for the next
/// call. Work is given by the loop's thread. What waits for one is bounded by the streams that may be open. Results go back to the loop.
/// </summary>
internal sealed class FileWorkers
{
    public const int MaxThreads = 16;
    private const int StackBytes = 256 * 1024;

    /// <summary>Milliseconds until a thread is tried again when there is none.</summary>
    private const int RetryTime = 500;

    private readonly Queue<Action> _waiting = new();
    private readonly ConcurrentQueue<Action> _done = new();
    private readonly EventSignal _signal = new();
    private readonly EventLoop _loop;
    private int _threads;
    private int _idle;

    public FileWorkers(EventLoop loop)
    {
        _loop = loop;
        loop.Add(_signal.Descriptor, EpollEvents.EPOLLIN, _ => TakeResults());
    }

    /// <summary>Runs <paramref name="work"/> on a thread and then <paramref name="done"/> on the loop, with its failure if it had one.</summary>
    public void Run(Action work, Action<AgentErrorException?> done) => Enqueue(() =>
    {
        AgentErrorException? failure = null;
        try
        {
            work();
        }
        catch (Exception e)
        {
            failure = FileErrors.From(e);
        }

        _done.Enqueue(() => done(failure));
        _signal.Raise();
    });

    private void Enqueue(Action item)
    {
        lock (_waiting)
        {
            _waiting.Enqueue(item);
            if (_idle >= _waiting.Count || !TryStart())
            {
                Monitor.Pulse(_waiting);
            }
        }
    }

    // A sandbox may have no room for another thread. What waits is served by those there are, or once there is room for one.
    private bool TryStart()
    {
        if (_threads == MaxThreads)
        {
            return false;
        }

        try
        {
            new Thread(Serve, StackBytes) { IsBackground = true, Name = "files" }.Start();
            _threads++;
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            if (_threads == 0)
            {
                _loop.At(_loop.Now + RetryTime, StartLater);
            }

            return false;
        }
    }

    private void StartLater()
    {
        lock (_waiting)
        {
            if (_threads == 0)
            {
                TryStart();
            }
        }
    }

    private void Serve()
    {
        while (true)
        {
            Action item;
            lock (_waiting)
            {
                while (!_waiting.TryDequeue(out item!))
                {
                    _idle++;
                    Monitor.Wait(_waiting);
                    _idle--;
                }
            }

            item();
        }
    }

    private void TakeResults()
    {
        _signal.Clear();
        while (_done.TryDequeue(out Action? done))
        {
            done();
        }
    }
}
