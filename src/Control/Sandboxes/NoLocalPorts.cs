using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>Stands in where sandboxes have no ports of their own.</summary>
internal sealed class NoLocalPorts : ISandboxAddresses
{
    public Task<int?> OpenAsync(SandboxId id, CancellationToken cancellation) => Task.FromResult<int?>(null);

    public Task<bool> TryReopenAsync(SandboxId id, int port, CancellationToken cancellation) => Task.FromResult(false);

    public Task CloseAsync(SandboxId id) => Task.CompletedTask;
}
