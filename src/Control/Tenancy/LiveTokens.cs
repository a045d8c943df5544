using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>
/// Finds a sandbox by its access token. Looked up is a hash under a key that nobody outside knows, so that how long a
/// search takes tells nothing about a token that is nearly right.
/// </summary>
internal sealed class LiveTokens(IAccessTokens tokens)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<UInt128, SandboxId> _ids = new();

    public IEnumerable<SandboxId> Ids => _ids.Values;

    public void Add(SandboxId id) => _ids[Hash(tokens.For(id))] = id;

    public void Remove(SandboxId id) => _ids.TryRemove(Hash(tokens.For(id)), out _);

    public SandboxId? Find(string token) =>
        _ids.TryGetValue(Hash(token), out SandboxId id) && tokens.Matches(id, token) ? id : null;

    private UInt128 Hash(string token) =>
        BinaryPrimitives.ReadUInt128LittleEndian(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(token)));
}
