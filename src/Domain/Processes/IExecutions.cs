using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Processes;

/// <summary>
/// Runs one foreground shell command per sandbox and keeps its output for readers who come late or come back
/// (contracts/scalebox.md 1.2, "exec"). Survives a restart of the server: the agent holds the run.
/// </summary>
public interface IExecutions
{
    /// <summary>Starts a command. <see cref="FaultCode.Busy"/> while one runs, <see cref="FaultCode.WrongState"/> unless the sandbox runs.</summary>
    Task<Execution> StartAsync(Caller caller, SandboxId id, ExecutionRequest request, CancellationToken cancellation);

    /// <summary>The command that runs now; null when none does.</summary>
    Task<Execution?> ActiveAsync(Caller caller, SandboxId id, CancellationToken cancellation);

    /// <summary>Follows the present run, or the last one, from its first kept byte; <see cref="FaultCode.NotFound"/> when there was none.</summary>
    Task<ExecutionStream> AttachAsync(Caller caller, SandboxId id, CancellationToken cancellation);

    /// <summary>
    /// Kills the running command with all it started (the limits are those of <see cref="IAgent.SignalAsync"/>); what
    /// earlier commands left running in the background is not touched. False when none runs.
    /// </summary>
    Task<bool> CancelAsync(Caller caller, SandboxId id, CancellationToken cancellation);
}

/// <param name="Command">Run as <c>bash -c</c>; at most 512 KiB.</param>
/// <param name="Timeout">Wall-clock limit; null for the server's default of one hour.</param>
public sealed record ExecutionRequest(
    string Command, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment, TimeSpan? Timeout);

/// <summary>One run of a command.</summary>
/// <param name="Deadline">When it is killed.</param>
public sealed record Execution(int Pid, string Command, string WorkingDirectory, DateTimeOffset StartedAt, DateTimeOffset Deadline);

/// <summary>A run and what it says.</summary>
public sealed record ExecutionStream(Execution Execution, IAsyncEnumerable<ProcessEvent> Events);
