using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>Images of simulated sandboxes, kept by the machine, so that they outlive a node.</summary>
internal sealed class SimulatedImages : IImages
{
    public Task<SandboxImage> CaptureAsync(
        SandboxId id, RunningSandbox running, ImageId image, AfterCapture after, CancellationToken cancellation) =>
        throw new Fault(FaultCode.NotImplemented, "images of simulated sandboxes are not built yet").AsException();

    public SandboxImage? Find(ImageId image) => null;

    public IReadOnlyList<ImageId> List() => [];

    public Task RemoveAsync(ImageId image, CancellationToken cancellation) => Task.CompletedTask;
}
