using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Tenancy;

/// <summary>
/// The tokens of each sandbox: the access token, for its data plane, and the traffic token, for the programs in it that not
/// everybody may reach (<see cref="Sandbox.PublicTraffic"/>). Neither opens what the other does. Derived from the installation's key file, so they are never
/// stored and survive restarts.
/// </summary>
public interface IAccessTokens
{
    string For(SandboxId id);

    /// <summary>Compares in constant time.</summary>
    bool Matches(SandboxId id, string token);

    string TrafficFor(SandboxId id);

    /// <summary>Compares in constant time.</summary>
    bool MatchesTraffic(SandboxId id, string token);
}
