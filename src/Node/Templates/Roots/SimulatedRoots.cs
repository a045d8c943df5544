using System.Collections.Concurrent;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates.Roots;

/// <summary>Roots of simulated sandboxes: names without files.</summary>
internal sealed class SimulatedRoots(INode node) : ITemplateRoots
{
    /// <summary>What a root takes.</summary>
    public const long Bytes = 1 << 20;

    private readonly ConcurrentDictionary<TemplateId, int> _roots = new();

    /// <summary>Is waited for before a root is made; what it throws is the failure.</summary>
    public Func<CancellationToken, Task>? OnMake { get; set; }

    public async Task<MadeRoot> CaptureAsync(SandboxId sandbox, long limit, CancellationToken cancellation)
    {
        node.Agent(sandbox);
        return await MakeAsync($"capture {sandbox} {Guid.NewGuid()}", limit, null, cancellation);
    }

    public IReadOnlyList<TemplateId> List() => [.. _roots.Where(root => root.Value == 0).Select(root => root.Key)];

    public Task RemoveAsync(TemplateId root, CancellationToken cancellation)
    {
        _roots.TryRemove(KeyValuePair.Create(root, 0));
        return Task.CompletedTask;
    }

    private async Task<MadeRoot> MakeAsync(string what, long limit, ImageConfig? config, CancellationToken cancellation)
    {
        if (OnMake is { } wait)
        {
            await wait(cancellation);
        }

        if (limit < Bytes)
        {
            throw ArchiveBounds.TooLarge(limit);
        }

        TemplateId id = TemplateRoots.IdOf("simulated", what);
        _roots.AddOrUpdate(id, 1, (_, held) => held + 1);
        return new MadeRoot(id, Bytes, config, () => _roots.AddOrUpdate(id, 0, (_, held) => held - 1));
    }
}
