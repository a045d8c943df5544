using System.Collections.Concurrent;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// Threads for calls that may wait for a disk, so that the loop does not: made as needed up to a bound, kept for the next
/// call. What waits for one is bounded by the streams that may be open. Results go back to the loop.
/// </summary>
internal sealed class FileWorkers
{
    public const int MaxThreads = 16;
    private const int StackBytes = 256 * 1024;

    private readonly Queue<Action> _waiting = new();
    private readonly ConcurrentQueue<Action> _done = new();
    private readonly EventSignal _signal = new();
    private int _threads;
    private int _idle;

    public FileWorkers(EventLoop loop) => loop.Add(_signal.Descriptor, EpollEvents.EPOLLIN, _ => TakeResults());

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
            if (_idle < _waiting.Count && _threads < MaxThreads)
            {
                _threads++;
                new Thread(Serve, StackBytes) { IsBackground = true, Name = "files" }.Start();
            }
            else
            {
                Monitor.Pulse(_waiting);
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
