namespace Atoll.Protocol;

/// <summary>
/// What host and agent of one sandbox share: the host shows the first half, the agent answers with the second.
/// Never printed, logged, or put where another process can read it.
/// </summary>
public sealed class AgentSecret
{
    public const int Size = 32;
    public const int ProofSize = Size / 2;

    private readonly byte[] _bytes;

    /// <param name="bytes">Exactly <see cref="Size"/> random bytes.</param>
    public AgentSecret(ReadOnlySpan<byte> bytes) =>
        _bytes = bytes.Length == Size ? bytes.ToArray() : throw new ArgumentException($"a secret has {Size} bytes, not {bytes.Length}");

    /// <summary>All of it, for the agent's boot pipe and the host's own key store.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>What the host presents.</summary>
    public ReadOnlySpan<byte> HostProof => _bytes.AsSpan(0, ProofSize);

    /// <summary>What the agent presents.</summary>
    public ReadOnlySpan<byte> AgentProof => _bytes.AsSpan(ProofSize);

    /// <summary>Wipes it: from then on it is no secret.</summary>
    public void Forget() => Array.Clear(_bytes);

    /// <summary>Compares in a time that depends on the length only. (The library's own comparison sits beside code that
    /// needs OpenSSL, which a static file does not have.)</summary>
    public static bool Same(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        int difference = 0;
        for (int i = 0; i < a.Length; i++)
        {
            difference |= a[i] ^ b[i];
        }

        return difference == 0;
    }

    public override string ToString() => "(secret)";
}
