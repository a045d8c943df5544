using System.Collections.Concurrent;
using Atoll.Linux;

namespace Atoll.Agent.Processes;

/// <summary>
/// Reaps every child and every orphan on a thread of its own, and hands how they ended to the loop. No SIGCHLD: the
/// runtime's own threads and handlers would race with it.
/// </summary>
internal sealed class Reaper : IDisposable
{
    private readonly ConcurrentQueue<ChildExit> _exits = new();
    private readonly SemaphoreSlim _spawned = new(0);

    /// <summary>Raised when <see cref="TryTake"/> has something.</summary>
    public EventSignal Signal { get; } = new();

    public void Start() => new Thread(Run, maxStackSize: 128 * 1024) { IsBackground = true, Name = "reaper" }.Start();

    /// <summary>Says that there may be children again.</summary>
    public void Spawned() => _spawned.Release();

    public bool TryTake(out ChildExit exit) => _exits.TryDequeue(out exit);

    public void Dispose()
    {
        Signal.Dispose();
        _spawned.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            if (Children.WaitAny(out ChildExit exit))
            {
                _exits.Enqueue(exit);
                Signal.Raise();
                continue;
            }

            // No child is left. Take all permits before looking again, so that they do not pile up.
            _spawned.Wait();
            while (_spawned.Wait(0))
            {
            }
        }
    }
}
