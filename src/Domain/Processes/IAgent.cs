namespace Atoll.Domain.Processes;

/// <summary>
/// The port to the agent of one running sandbox. Every data plane sits on it. Throws <see cref="FaultException"/>:
/// <see cref="FaultCode.AgentUnavailable"/> when it cannot be reached, <see cref="FaultCode.NotFound"/> for an
/// unknown process, <see cref="FaultCode.InvalidArgument"/> for a program, user or directory that is not there.
/// </summary>
public interface IAgent
{
    /// <summary>
    /// Starts a process and returns once the sandbox's kernel has accepted the exec. Asked once: when the agent is lost
    /// before it answers, the fault says that the process may run.
    /// </summary>
    Task<ProcessInfo> StartAsync(ProcessSpec spec, CancellationToken cancellation);

    /// <summary>
    /// Follows a process's output from a sequence number until its exit. A reader that does not read holds the
    /// process back for some seconds, after which the oldest output is dropped and the reader is told.
    /// Dropping the enumeration leaves the process alone.
    /// </summary>
    IAsyncEnumerable<ProcessEvent> AttachAsync(int pid, long fromSequence, CancellationToken cancellation);

    /// <summary>
    /// Sends a signal to the process, or to its whole group. SIGKILL to the group kills all that the process started, also
    /// what has left the group or the session, and what an ended process left behind. Only what has lost its parents,
    /// left the session and changed its environment gets away.
    /// </summary>
    Task SignalAsync(int pid, int signal, bool wholeGroup, CancellationToken cancellation);

    Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellation);

    /// <summary>Forgets an ended process and its output. One that runs is <see cref="FaultCode.WrongState"/>.</summary>
    Task ForgetAsync(int pid, CancellationToken cancellation);
}
