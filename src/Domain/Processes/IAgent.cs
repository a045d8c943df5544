using Atoll.Domain.Files;
using Atoll.Domain.Network;

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

    /// <summary>
    /// Gives bytes to a process's standard input, or to its terminal, and returns once they are all in: a process that
    /// does not read holds its writer. <see cref="FaultCode.WrongState"/> when its input is closed or was never open.
    /// </summary>
    Task WriteInputAsync(int pid, ReadOnlyMemory<byte> data, CancellationToken cancellation);

    /// <summary>Ends a process's standard input behind what was written. A terminal gets its end-of-file character.</summary>
    Task CloseInputAsync(int pid, CancellationToken cancellation);

    /// <summary>Changes the size of a process's terminal; <see cref="FaultCode.WrongState"/> when it has none.</summary>
    Task ResizeAsync(int pid, TerminalSize size, CancellationToken cancellation);

    /// <summary>The sandbox's files.</summary>
    ISandboxFiles Files { get; }

    /// <summary>
    /// Connects to a TCP port of the sandbox, also to one that listens on its loopback address only.
    /// <see cref="FaultCode.NothingListens"/> when there is none, or the port is the agent's own.
    /// </summary>
    Task<SandboxConnection> ConnectAsync(int port, CancellationToken cancellation);
}
