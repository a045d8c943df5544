using Atoll.Domain.Processes;

namespace Atoll.Domain.Sandboxes;

/// <summary>
/// The way of the data plane and the edge into a sandbox. Asks nobody who they are: the caller of this port has checked
/// an access token, a signature or a caller's ownership, or serves what is public.
/// </summary>
public interface ISandboxAgents
{
    /// <summary>The sandbox as it is now; null when there is none of this id, deleted ones included.</summary>
    ValueTask<Sandbox?> FindAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>All that are not over, of all owners.</summary>
    IEnumerable<SandboxId> Live { get; }

    /// <summary>The sandbox of an access token, of those that are not over; null when it is none's. Safe against guessing by time.</summary>
    SandboxId? FindByToken(string token);

    /// <summary>
    /// Its agent; first waits, within a bound, for one that is being captured or resumed, and brings one back that is paused
    /// and resumes by itself (<see cref="Sandbox.AutoResume"/>): any number of requests at once are one resume.
    /// <see cref="FaultCode.NotFound"/> when there is no such sandbox, <see cref="FaultCode.WrongState"/> when
    /// it does not run, <see cref="FaultCode.AgentUnavailable"/> when it cannot be reached.
    /// </summary>
    ValueTask<IAgent> AgentAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>
    /// Says that somebody uses the sandbox, until it is disposed: exec, files, ports, terminals and code are use
    /// (<see cref="Sandbox.IdleTimeout"/>). Costs next to nothing; a sandbox that there is not is not an error.
    /// </summary>
    IDisposable Use(SandboxId id);
}
