using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Where a sandbox's own files are on the host. Only the server and its runtime use them; a guest sees none of them.
/// <code>
///   DATA/sandboxes/ID/bundle/config.json    what runsc is told
///                     runsc/                runsc's own state: one root per sandbox, so no lock is shared
///                     runsc.log             why a start failed
///                     disk.img, disk/       its size-limited file system (Storage/DiskImages)
/// </code>
/// </summary>
internal sealed class SandboxPaths(string dataDirectory)
{
    public string Root { get; } = Path.Combine(dataDirectory, "sandboxes");

    public string Of(SandboxId id) => Path.Combine(Root, id.Value);

    public string BundleOf(SandboxId id) => Path.Combine(Of(id), "bundle");

    public string RunscRootOf(SandboxId id) => Path.Combine(Of(id), "runsc");

    /// <summary>There only while its memory is written.</summary>
    public string CheckpointLogOf(SandboxId id) => Path.Combine(BundleOf(id), "checkpoint.log");

    public string LogOf(SandboxId id) => Path.Combine(Of(id), "runsc.log");
}
