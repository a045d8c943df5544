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
    /// Its agent. <see cref="FaultCode.NotFound"/> when there is no such sandbox, <see cref="FaultCode.WrongState"/> when
    /// it does not run, <see cref="FaultCode.AgentUnavailable"/> when it cannot be reached.
    /// </summary>
    ValueTask<IAgent> AgentAsync(SandboxId id, CancellationToken cancellation);
}
