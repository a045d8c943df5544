using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Tenancy;

/// <summary>
/// The access token of each sandbox, for its data plane. Derived from the installation's key file, so it is never
/// stored and survives restarts.
/// </summary>
public interface IAccessTokens
{
    string For(SandboxId id);

    /// <summary>Compares in constant time.</summary>
    bool Matches(SandboxId id, string token);
}
