using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Images of sandboxes in gVisor: checkpoints, each in a directory of its own with a manifest.</summary>
internal sealed class GVisorImages : IImages
{
    public Task<SandboxImage> CaptureAsync(
        SandboxId id, RunningSandbox running, ImageId image, AfterCapture after, CancellationToken cancellation) =>
        throw new Fault(FaultCode.NotImplemented, "images of gVisor sandboxes are not built yet").AsException();

    public SandboxImage? Find(ImageId image) => null;

    public IReadOnlyList<ImageId> List() => [];

    public Task RemoveAsync(ImageId image, CancellationToken cancellation) => Task.CompletedTask;
}
