using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Templates;

/// <summary>
/// The port to the root file systems that a node holds for users' templates. Each is whole or not there; it is named by what it was
/// made of, so the same content is there once. Nobody writes to one.
/// </summary>
public interface ITemplateRoots
{
    /// <summary>
    /// Makes one of the files of a running sandbox, without what tells it from others: host name, machine id, host keys, /tmp, /run.
    /// The sandbox goes on. <see cref="FaultCode.TooLarge"/> when it is more than <paramref name="limit"/>; on any failure nothing is left.
    /// </summary>
    /// <param name="limit">Bytes.</param>
    Task<MadeRoot> CaptureAsync(SandboxId sandbox, long limit, CancellationToken cancellation);

    /// <summary>Every one that is whole and that nobody holds as <see cref="MadeRoot"/>.</summary>
    IReadOnlyList<TemplateId> List();

    /// <summary>Removes one; done at once when it is not there, or when somebody has come to hold it.</summary>
    Task RemoveAsync(TemplateId root, CancellationToken cancellation);
}

/// <summary>A root that was just made. Until it is disposed it is not among those that can be removed: whoever made it has the time to write down that it is used.</summary>
/// <param name="Bytes">What it takes on the disk.</param>
/// <param name="Config">What the image says that it is of; null when it is of none.</param>
public sealed record MadeRoot(TemplateId Id, long Bytes, ImageConfig? Config, Action Release) : IDisposable
{
    public void Dispose() => Release();
}
