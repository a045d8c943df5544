using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>Finds the user who owns a sandbox.</summary>
internal sealed class SandboxOwners(SandboxDirectory directory, UserStore users) : ISandboxOwners
{
    public ValueTask<Caller?> OwnerAsync(SandboxId id, CancellationToken cancellation) => ValueTask.FromResult(
        directory.Read(id) is { } sandbox && users.Find(sandbox.Owner) is { } owner ? new Caller(owner, Key: null) : null);
}
