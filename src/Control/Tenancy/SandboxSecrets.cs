using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>Derives each sandbox's tokens and its agent's secret from the installation's key file; stores neither.</summary>
public sealed class SandboxSecrets : IAccessTokens, IAgentSecrets
{
    private readonly SecretKey _key;

    private SandboxSecrets(SecretKey key) => _key = key;

    /// <summary>Reads the key file, making it first when it is absent.</summary>
    /// <exception cref="InvalidDataException">The file is not a key.</exception>
    public static SandboxSecrets Open(string keyPath) => new(SecretKey.Open(keyPath));

    /// <summary>64 hex digits.</summary>
    public string For(SandboxId id) => Convert.ToHexStringLower(_key.Derive("access-token", id.Value));

    public bool Matches(SandboxId id, string token) => Same(For(id), token);

    /// <summary>64 hex digits.</summary>
    public string TrafficFor(SandboxId id) => Convert.ToHexStringLower(_key.Derive("traffic-token", id.Value));

    public bool MatchesTraffic(SandboxId id, string token) => Same(TrafficFor(id), token);

    ReadOnlyMemory<byte> IAgentSecrets.For(SandboxId id) => _key.Derive("agent-secret", id.Value);

    private static bool Same(string right, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(right), Encoding.UTF8.GetBytes(given));
}
