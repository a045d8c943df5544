namespace Atoll.Domain.Network;

/// <summary>A byte stream to a port of a sandbox, both ways, with back-pressure: who does not read holds the other side's writes.</summary>
public abstract class SandboxConnection : Stream
{
    /// <summary>Says that nothing more will be written, behind what was; reading goes on.</summary>
    public abstract ValueTask CompleteWritesAsync(CancellationToken cancellation);
}
