using Atoll.Linux;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes;

/// <summary>
/// Starts programs on the host and reaps every child of the server, those it adopts as subreaper included. One per
/// process, and the only one that waits: <see cref="System.Diagnostics.Process"/> must not be used beside it.
/// </summary>
internal sealed partial class HostProcesses
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource<ChildExit>> _waiting = [];
    private readonly SemaphoreSlim _mayHaveChildren = new(0);
    private readonly ILogger<HostProcesses> _log;

    public HostProcesses(ILogger<HostProcesses> log)
    {
        _log = log;
        if (!Children.AdoptOrphans())
        {
            throw new PlatformNotSupportedException("this kernel has no PR_SET_CHILD_SUBREAPER");
        }

        new Thread(Reap) { IsBackground = true, Name = "reaper" }.Start();
    }

    /// <summary>Starts a program on the calling thread, in whose namespaces it will run.</summary>
    /// <exception cref="SyscallException">It could not be executed.</exception>
    public HostProcess Start(SpawnRequest request)
    {
        // Under the gate, so that the reaper cannot see the exit before the wait for it is registered.
        lock (_gate)
        {
            Errno error = Spawn.Start(request, out int pid);
            if (error != Errno.None)
            {
                throw new SyscallException("posix_spawn", request.Path, error);
            }

            var exit = new TaskCompletionSource<ChildExit>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[pid] = exit;
            _mayHaveChildren.Release();
            return new HostProcess(pid, exit.Task);
        }
    }

    private void Reap()
    {
        while (true)
        {
            if (!Children.WaitAny(out ChildExit exit))
            {
                _mayHaveChildren.Wait();
                continue;
            }

            TaskCompletionSource<ChildExit>? waiter;
            lock (_gate)
            {
                _waiting.Remove(exit.Pid, out waiter);
            }

            if (waiter is null)
            {
                LogAdoptedEnded(exit.Pid, exit.Code);
            }
            else
            {
                waiter.SetResult(exit);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Adopted process {Pid} ended with {Code}")]
    private partial void LogAdoptedEnded(int pid, int code);
}

/// <summary>A program that was started on the host.</summary>
/// <param name="Exit">How it ends; never faults.</param>
internal sealed record HostProcess(int Pid, Task<ChildExit> Exit);
