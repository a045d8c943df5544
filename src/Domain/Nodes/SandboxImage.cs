using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Domain.Nodes;

/// <summary>A complete image on a node.</summary>
/// <param name="Source">The sandbox of which it was taken.</param>
/// <param name="Bytes">What it takes on the node's disk.</param>
public sealed record SandboxImage(ImageId Id, SandboxId Source, long Bytes, DateTimeOffset TakenAt);

/// <summary>What becomes of a sandbox whose image is complete.</summary>
public enum AfterCapture
{
    /// <summary>It goes on; its established connections with the outside are gone.</summary>
    GoOn,

    /// <summary>It stands still, cut off from the network, until it is cleaned: nothing happens in it that the image does not hold.</summary>
    StandStill,
}
