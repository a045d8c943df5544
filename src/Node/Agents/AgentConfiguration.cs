using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>What a sandbox is told when it becomes somebody's.</summary>
internal sealed record AgentConfiguration
{
    /// <summary>At most 64 bytes; empty leaves it as it is.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>For every process from now on.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Null leaves the clock alone.</summary>
    public DateTimeOffset? Clock { get; init; }

    /// <summary>Stirred into the sandbox's random pool; at most 512 bytes.</summary>
    public ReadOnlyMemory<byte> Entropy { get; init; }

    /// <summary>At most 32, of at most 64 KiB each, at absolute paths.</summary>
    public IReadOnlyList<BootFile> Files { get; init; } = [];
}
