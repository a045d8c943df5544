using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Nodes;

/// <summary>
/// The secret with which the host proves itself to the agent of each sandbox. Derived from the installation's key
/// file, so it is never stored and an adopted sandbox still knows it.
/// </summary>
public interface IAgentSecrets
{
    /// <summary>32 bytes, always the same for one sandbox.</summary>
    ReadOnlyMemory<byte> For(SandboxId id);
}
