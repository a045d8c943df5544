using System.Threading.Channels;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Unit.Control;

/// <summary>Passes everything on to a node but what a test does in its place.</summary>
internal sealed class NodeBetween(INode node) : INode
{
    public Func<SandboxId, CancellationToken, Task<string?>> Adopt { get; init; } = node.AdoptAsync;

    public Func<SandboxId, CancellationToken, Task<SandboxStats>> Stats { get; init; } = node.StatsAsync;

    public string Name => node.Name;

    public NodeCapabilities Capabilities => node.Capabilities;

    public ChannelReader<SandboxLost> Lost => node.Lost;

    public Task LaunchAsync(LaunchRequest request, Action<SandboxPhase> progress, CancellationToken cancellation) =>
        node.LaunchAsync(request, progress, cancellation);

    public Task<string?> AdoptAsync(SandboxId id, CancellationToken cancellation) => Adopt(id, cancellation);

    public Task CleanAsync(SandboxId id, CancellationToken cancellation) => node.CleanAsync(id, cancellation);

    public Task<IReadOnlyList<SandboxId>> ListAsync(CancellationToken cancellation) => node.ListAsync(cancellation);

    public IAgent Agent(SandboxId id) => node.Agent(id);

    public Task<SandboxStats> StatsAsync(SandboxId id, CancellationToken cancellation) => Stats(id, cancellation);

    public Task<SandboxImage> CaptureAsync(SandboxId id, ImageId image, AfterCapture after, CancellationToken cancellation) =>
        node.CaptureAsync(id, image, after, cancellation);

    public SandboxImage? FindImage(ImageId image) => node.FindImage(image);

    public IReadOnlyList<ImageId> ListImages() => node.ListImages();

    public Task RemoveImageAsync(ImageId image, CancellationToken cancellation) => node.RemoveImageAsync(image, cancellation);
}
