using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Network;

/// <summary>
/// Gives every sandbox a port of the server's own address, for clients that have no DNS names for sandboxes
/// (contracts/scalebox.md 7.1). Only a sandbox's actor, and recovery before there is one, calls it.
/// </summary>
public interface ISandboxAddresses
{
    /// <summary>
    /// Opens a port for a sandbox, unless it has one already. <see cref="FaultCode.NoCapacity"/> when none is free.
    /// </summary>
    /// <returns>The port; null where sandboxes are reached by name instead.</returns>
    Task<int?> OpenAsync(SandboxId id, CancellationToken cancellation);

    /// <summary>Opens the very port that a sandbox had before. False when it is taken or not to be given to sandboxes any more.</summary>
    Task<bool> TryReopenAsync(SandboxId id, int port, CancellationToken cancellation);

    /// <summary>Takes the port back; connections that are open on it stay the sandbox's. Done at once when it has none.</summary>
    Task CloseAsync(SandboxId id);
}
