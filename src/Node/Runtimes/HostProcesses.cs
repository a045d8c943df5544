using System.Text;
using Atoll.Linux;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes;

/// <summary>
/// Starts programs on the host and reaps every child of the server, those it adopts as subreaper included. One per
/// process, and the only one that waits: <see cref="System.Diagnostics.Process"/> must not be used beside it.
/// </summary>
internal sealed partial class HostProcesses
{
    /// <summary>Where programs are looked up, and what they see.</summary>
    private const string Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What a pipe holds: more would block the program until somebody reads.</summary>
    private const int MaxOutput = 64 * 1024;

    private static readonly string[] s_environment = [$"PATH={Path}"];
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
            return new HostProcess(request.Arguments[0], pid, exit.Task);
        }
    }

    /// <inheritdoc cref="RunProgram"/>
    public async Task<ProgramResult> RunAsync(
        string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        string path = Find(program) ?? throw new FileNotFoundException($"{program} is not installed; atoll doctor says what is missing");
        (Descriptor read, Descriptor write) = DescriptorCalls.Pipe();
        using (read)
        {
            HostProcess process;
            using (write)
            {
                using Descriptor nothing = DescriptorCalls.OpenNull();
                process = Start(new SpawnRequest(path, [program, .. arguments], s_environment, "/", nothing, write, write));
            }

            ChildExit exit = await EndAsync(process, limit, cancellation);
            byte[] output = new byte[MaxOutput];
            int length = Math.Max(0, DescriptorCalls.Read(read, output));
            return new ProgramResult(exit.Code, Encoding.UTF8.GetString(output, 0, length));
        }
    }

    /// <summary>Waits for the end; kills the process when that takes too long or the wait is given up.</summary>
    public async Task<ChildExit> EndAsync(HostProcess process, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return await process.Exit.WaitAsync(limit, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            KillUnlessReaped(process.Pid);
            if (e is TimeoutException)
            {
                throw new IOException($"{process.Name} did not end within {limit.TotalSeconds} s", e);
            }

            throw;
        }
    }

    // Under the gate, because it is reaped there: the pid cannot become another process's in between.
    private void KillUnlessReaped(int pid)
    {
        lock (_gate)
        {
            if (_waiting.ContainsKey(pid))
            {
                Signals.Send(pid, Signals.SIGKILL);
            }
        }
    }

    /// <summary>A path as it is if the file exists, a name where PATH has it; null when it is nowhere.</summary>
    public static string? Find(string program) => program.Contains('/')
        ? File.Exists(program) ? program : null
        : Path.Split(':').Select(directory => $"{directory}/{program}").FirstOrDefault(File.Exists);

    private void Reap()
    {
        while (true)
        {
            if (!Children.AwaitAny())
            {
                _mayHaveChildren.Wait();
                continue;
            }

            ChildExit exit;
            TaskCompletionSource<ChildExit>? waiter;
            lock (_gate)
            {
                if (!Children.TryReapAny(out exit))
                {
                    continue;
                }

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
internal sealed record HostProcess(string Name, int Pid, Task<ChildExit> Exit);
