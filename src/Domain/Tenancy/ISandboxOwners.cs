using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Tenancy;

/// <summary>
/// Who a sandbox's access token speaks for. Asked only after <see cref="IAccessTokens.Matches"/>: the answer is
/// as good as the owner's credential for that one sandbox.
/// </summary>
public interface ISandboxOwners
{
    /// <summary>The sandbox's owner, without a key; null when there is no such sandbox.</summary>
    ValueTask<Caller?> OwnerAsync(SandboxId id, CancellationToken cancellation);
}
