using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain.Idempotency;

namespace Atoll.Control.Recovery;

/// <summary>Removes from the store what is kept for long enough, of everybody.</summary>
internal sealed class StoreUpkeep(RequestStore requests, TimeProvider time)
{
    public Task RunAsync() => requests.PruneAsync(time.Now() - IRequestMemory.Kept);
}
