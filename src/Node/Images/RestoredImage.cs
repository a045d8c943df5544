namespace Atoll.Node.Images;

/// <summary>The image that a launch restores.</summary>
/// <param name="Directory">Where its files are.</param>
/// <param name="Verified">Completes when every byte was found as it was written; fails with <see cref="IOException"/> otherwise.</param>
internal sealed record RestoredImage(ImageManifest Manifest, string Directory, Task Verified);
