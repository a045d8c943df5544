using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Node.Images;
using Atoll.Node.Recovery;

namespace Atoll.Node.Launch;

/// <summary>
/// Looks at the image that a sandbox is restored from, before anything is made. Its bytes are checked beside the steps that
/// follow; who starts the sandbox waits for the end of that.
/// </summary>
/// <param name="runtime">The driver's name and its runtime's version.</param>
/// <param name="rootfsOf">Where a template is; throws when it is nowhere.</param>
/// <param name="hasAgent">Whether the agent of a digest is here.</param>
internal sealed class ImageStep(ImageStore images, Func<CancellationToken, Task<string>> runtime, Func<TemplateId, string> rootfsOf, Func<string, bool> hasAgent) : ILaunchStep
{
    public string Name => "image";

    public SandboxPhase Phase => SandboxPhase.Allocating;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        if (context.Request.From is not { } id)
        {
            return;
        }

        ImageManifest manifest = Read(id);
        Check(id, manifest.Format == ImageManifest.CurrentFormat, $"it has form {manifest.Format}, and this server reads form {ImageManifest.CurrentFormat}");
        Check(id, manifest.Id == id, "its manifest is that of another");
        string here = await runtime(cancellation);
        Check(id, manifest.Runtime == here, $"it was taken with {manifest.Runtime}, and this node has {here}");
        Check(id, manifest.Template == context.Request.Template.Value, $"it was taken over template {manifest.Template}, not {context.Request.Template}");
        Check(id, manifest.Files.Count > 0 && manifest.Files.All(file => Path.GetFileName(file.Name) == file.Name), "its manifest names no files of its own");
        Check(id, hasAgent(manifest.Agent), "the agent that runs in it is no longer on this node");
        FindTemplate(id, context.Request.Template);
        Check("memory_mb", (long)context.Request.Resources.MemoryMb << 20, manifest.MemoryBytes);
        Check("storage_gb", (long)context.Request.Resources.StorageGb << 30, manifest.DiskBytes);
        Task verified = ImageDigests.VerifyAsync(images.PathOf(id), manifest.Files, cancellation);

        // A step that fails first leaves nobody who waits for it.
        _ = verified.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        context.Image = new RestoredImage(manifest, images.PathOf(id), verified);
    }

    /// <summary>Nothing was made.</summary>
    public Task UndoAsync(JournaledRecord record) => Task.CompletedTask;

    /// <summary>Says that an image cannot be restored, and why.</summary>
    public static FaultException Incompatible(ImageId id, string why, Exception? cause = null) =>
        new(new Fault(FaultCode.IncompatibleImage, $"image {id} cannot be restored: {why}"), cause);

    private ImageManifest Read(ImageId id)
    {
        try
        {
            return ImageManifest.Read(images.PathOf(id));
        }
        catch (IOException e)
        {
            throw Incompatible(id, Directory.Exists(images.PathOf(id)) ? "its manifest is damaged" : "it is not on this node", e);
        }
    }

    private void FindTemplate(ImageId id, TemplateId template)
    {
        try
        {
            rootfsOf(template);
        }
        catch (IOException e)
        {
            throw Incompatible(id, $"its template {template} is not on this node", e);
        }
    }

    private static void Check(ImageId id, bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Incompatible(id, otherwise);
        }
    }

    private static void Check(string field, long has, long needed)
    {
        if (has < needed)
        {
            throw Fault.Invalid(field, $"the image holds {needed >> 20} MiB of that: ask for at least as much").AsException();
        }
    }
}
