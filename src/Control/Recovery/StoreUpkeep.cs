using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain.Idempotency;

namespace Atoll.Control.Recovery;

/// <summary>Removes from the store what is kept for long enough, of everybody.</summary>
internal sealed class StoreUpkeep(RequestStore requests, UsageStore usage, TimeProvider time, ControlOptions options)
{
    public async Task RunAsync()
    {
        await requests.PruneAsync(time.Now() - IRequestMemory.Kept);
        await usage.TrimAsync(time.Now() - options.KeepUsage);
    }
}
