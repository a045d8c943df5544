using Atoll.Domain.Templates;

namespace Atoll.Node.Templates;

/// <summary>
/// Makes templates from recipes, once each, so that an interrupted build leaves nothing that could be taken for a template.
/// <code>
///   .lock                        held while building: builders wait for each other
///   .building-ID-RANDOM/rootfs   mmdebstrap fills it; then manifest.json; then all of it is on the disk
///        | rename(2)
///   ID/rootfs, ID/manifest.json  whole, or not there
/// </code>
/// What a killed builder left is removed by the next one.
/// </summary>
internal sealed class TemplateBuilder(string directory, TimeProvider time)
{
    private const string HalfBuilt = ".building-";
    private static readonly TimeSpan LockWait = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>Builds the recipe unless that was done already. Takes about a minute, and most of the recipe's size in downloads.</summary>
    /// <exception cref="TemplateBuildException">Says why it could not be built.</exception>
    public async Task<TemplateId> BuildAsync(TemplateRecipe recipe, IProgress<string> progress, CancellationToken cancellation)
    {
        if (IsBuilt(recipe.Id))
        {
            return recipe.Id;
        }

        Directory.CreateDirectory(directory);
        await using FileStream held = await LockAsync(progress, cancellation);
        await RemoveHalfBuiltAsync();
        if (!IsBuilt(recipe.Id))
        {
            string half = Path.Combine(directory, $"{HalfBuilt}{recipe.Id}-{Guid.NewGuid():N}");
            try
            {
                await FillAsync(recipe, half, progress, cancellation);
                Directory.Move(half, Path.Combine(directory, recipe.Id.Value));
            }
            finally
            {
                await RemoveAsync(half);
            }
        }

        return recipe.Id;
    }

    private bool IsBuilt(TemplateId id) => TemplateStore.Open(directory).Find(id.Value) is not null;

    private async Task FillAsync(TemplateRecipe recipe, string half, IProgress<string> progress, CancellationToken cancellation)
    {
        string root = Path.Combine(half, TemplateManifest.RootName);
        Directory.CreateDirectory(half);
        await DebianRoot.MakeAsync(recipe, root, progress, cancellation);

        progress.Report("measuring what was made");
        (string tree, long size) = await TemplateTree.MeasureAsync(root, cancellation);
        string status = await File.ReadAllTextAsync(Path.Combine(root, "var/lib/dpkg/status"), cancellation);
        RecipeFile file = recipe.File;
        new TemplateManifest(
            recipe.Id.Value, file.Name, file.Description, recipe.Digest, tree, size, time.GetUtcNow(),
            file.DefaultCpuCount, file.DefaultMemoryMb, file.Ports, DpkgStatus.Parse(status), file.Start).Write(half);

        progress.Report($"writing {size >> 20} MiB to the disk");
        await BuildTool.RunAsync("sync", ["--file-system", half], null, cancellation);

        // Left by an older, torn or foreign build: a whole one would have been found before.
        await RemoveAsync(Path.Combine(directory, recipe.Id.Value));
    }

    /// <summary>One builder at a time. flock(2) that blocks could not be cancelled, hence the retries.</summary>
    private async Task<FileStream> LockAsync(IProgress<string> progress, CancellationToken cancellation)
    {
        string path = Path.Combine(directory, ".lock");
        long since = time.GetTimestamp();
        bool told = false;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (time.GetElapsedTime(since) < LockWait)
            {
                if (!told)
                {
                    progress.Report("another process is building a template: waiting for it");
                    told = true;
                }

                await Task.Delay(LockRetry, time, cancellation);
            }
        }
    }

    private async Task RemoveHalfBuiltAsync()
    {
        foreach (string half in Directory.EnumerateDirectories(directory, HalfBuilt + "*"))
        {
            await RemoveAsync(half);
        }
    }

    /// <summary>Never crosses into another file system, should somebody have mounted one there.</summary>
    private static Task RemoveAsync(string path) =>
        BuildTool.RunAsync("rm", ["-rf", "--one-file-system", "--", path], null, CancellationToken.None);
}
