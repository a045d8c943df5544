using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Processes;

/// <summary>
/// One foreground command per sandbox. Keeps nothing: the agent holds the run, and its tag says when it began and
/// when it must end.
/// </summary>
internal sealed class Executions(ISandboxes sandboxes, ISandboxAgents agents, TimeProvider time) : IExecutions
{
    private const int MaxCommandBytes = 512 * 1024;
    private const int OutputCapacity = 4 * 1024 * 1024;
    private const int Sigkill = 9;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<SandboxId, bool> _starting = new();

    public async Task<Execution> StartAsync(Caller caller, SandboxId id, ExecutionRequest request, CancellationToken cancellation)
    {
        TimeSpan timeout = Check(request);
        using IDisposable use = agents.Use(id);
        IAgent agent = await AgentAsync(caller, id, cancellation);
        if (!_starting.TryAdd(id, true))
        {
            throw Busy();
        }

        try
        {
            if (caller.Operation is { IsRepeat: true } operation && await BegunAsync(agent, operation, cancellation) is { } begun)
            {
                return begun;
            }

            await ForgetPreviousAsync(agent, cancellation);
            DateTimeOffset started = time.Now();
            ProcessInfo process = await agent.StartAsync(
                new ProcessSpec
                {
                    Arguments = ShellCommand.Arguments(request.Command),
                    Environment = request.Environment,
                    WorkingDirectory = request.WorkingDirectory,
                    Tag = ExecutionTag.Of(started, started + timeout, caller.Operation),
                    OutputCapacity = OutputCapacity,
                    Lifetime = timeout,
                },
                cancellation);
            if (await agents.FindAsync(id, cancellation) is { IdleTimeout: not null })
            {
                _ = Task.Run(() => UseUntilEndAsync(id, agent, process.Pid), CancellationToken.None);
            }

            return new Execution(process.Pid, request.Command, request.WorkingDirectory, started, started + timeout);
        }
        finally
        {
            _starting.TryRemove(id, out _);
        }
    }

    public async Task<Execution?> ActiveAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(id);
        return (await RunsAsync(await AgentAsync(caller, id, cancellation), cancellation)).FirstOrDefault(run => !run.Ended)?.Execution;
    }

    public async Task<ExecutionStream> AttachAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(id);
        IAgent agent = await AgentAsync(caller, id, cancellation);
        Run last = (await RunsAsync(agent, cancellation)).MaxBy(run => run.Execution.StartedAt)
            ?? throw new Fault(FaultCode.NotFound, "no command was run in this sandbox yet").AsException();
        return new ExecutionStream(last.Execution, FollowAsync(id, agent, last.Execution.Pid, cancellation));
    }

    /// <summary>A sandbox whose run is followed is used.</summary>
    private async IAsyncEnumerable<ProcessEvent> FollowAsync(
        SandboxId id, IAgent agent, int pid, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(id);
        await foreach (ProcessEvent happened in agent.AttachAsync(pid, 0, cancellation))
        {
            yield return happened;
        }
    }

    public async Task<bool> CancelAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(id);
        IAgent agent = await AgentAsync(caller, id, cancellation);
        if ((await RunsAsync(agent, cancellation)).FirstOrDefault(run => !run.Ended) is not { } active)
        {
            return false;
        }

        try
        {
            await agent.SignalAsync(active.Execution.Pid, Sigkill, wholeGroup: true, cancellation);
            return true;
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            // It ended, and a new run made the agent forget it.
            return false;
        }
    }

    /// <summary>A sandbox whose command runs is in use, whoever looks at its output.</summary>
    private async Task UseUntilEndAsync(SandboxId id, IAgent agent, int pid)
    {
        using IDisposable use = agents.Use(id);
        try
        {
            await foreach (ProcessEvent happened in agent.AttachAsync(pid, 0, CancellationToken.None))
            {
                if (happened is ProcessEvent.Exited)
                {
                    return;
                }
            }
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.AgentUnavailable or FaultCode.NotFound)
        {
            // It was paused or has ended, and its command with it.
        }
    }

    private static TimeSpan Check(ExecutionRequest request)
    {
        if (string.IsNullOrEmpty(request.Command) || request.Command.Contains('\0'))
        {
            throw Fault.Invalid("command", "command must be a text that is not empty and has no NUL character").AsException();
        }

        if (Encoding.UTF8.GetByteCount(request.Command) > MaxCommandBytes)
        {
            throw Fault.Invalid("command", "command must be at most 512 KiB: put a longer one into a file and run that").AsException();
        }

        if (request.WorkingDirectory.Contains('\0') || !request.WorkingDirectory.StartsWith('/'))
        {
            throw Fault.Invalid("cwd", "cwd must be an absolute path").AsException();
        }

        if (request.Environment.Any(pair => pair.Key.Length == 0 || pair.Key.Contains('=') || pair.Key.Contains('\0') || pair.Value.Contains('\0')))
        {
            throw Fault.Invalid("env", "env: names must be non-empty without '=', and nothing may hold a NUL character").AsException();
        }

        TimeSpan timeout = request.Timeout ?? DefaultTimeout;
        return timeout > TimeSpan.Zero && timeout <= MaxTimeout
            ? timeout
            : throw Fault.Invalid("timeout", $"timeout must be more than 0 and at most {MaxTimeout.TotalSeconds} seconds").AsException();
    }

    private async Task<IAgent> AgentAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        await sandboxes.FindUsableAsync(caller, id, cancellation);
        return await agents.AgentAsync(id, cancellation);
    }

    private static async Task ForgetPreviousAsync(IAgent agent, CancellationToken cancellation)
    {
        List<Run> runs = await RunsAsync(agent, cancellation);
        if (runs.Exists(run => !run.Ended))
        {
            throw Busy();
        }

        foreach (Run ended in runs)
        {
            await agent.ForgetAsync(ended.Execution.Pid, cancellation);
        }
    }

    /// <summary>The run that an earlier attempt of the operation began, ended or not; null when there is none.</summary>
    private static async Task<Execution?> BegunAsync(IAgent agent, Operation operation, CancellationToken cancellation) =>
        (await agent.ListAsync(cancellation)).FirstOrDefault(process => ExecutionTag.IsOf(process, operation)) is { } process
            ? ExecutionTag.Read(process)
            : null;

    private static async Task<List<Run>> RunsAsync(IAgent agent, CancellationToken cancellation) =>
        [.. (await agent.ListAsync(cancellation))
            .Select(process => ExecutionTag.Read(process) is { } execution ? new Run(execution, process.Exit is not null) : null)
            .OfType<Run>()];

    private static FaultException Busy() =>
        new Fault(FaultCode.Busy, "a command runs in this sandbox already: wait for its end, or cancel it").AsException();

    private sealed record Run(Execution Execution, bool Ended);
}
