using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Node.Runtimes;

/// <summary>Writes sandboxes to images and keeps those; each method as that of <see cref="INode"/> says.</summary>
internal interface IImages
{
    Task<SandboxImage> CaptureAsync(SandboxId id, RunningSandbox running, ImageId image, AfterCapture after, CancellationToken cancellation);

    SandboxImage? Find(ImageId image);

    IReadOnlyList<ImageId> List();

    Task RemoveAsync(ImageId image, CancellationToken cancellation);
}
