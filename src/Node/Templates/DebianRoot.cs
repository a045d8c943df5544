namespace Atoll.Node.Templates;

/// <summary>
/// Makes a Debian root file system: mmdebstrap installs the packages, then the recipe's files are copied and its script is run.
/// The last two are not hooks of mmdebstrap, which keeps what tells its apt apart from the machine's own in the new root's /tmp
/// until it has ended: a script that empties /tmp would turn it loose on the machine.
/// </summary>
internal static class DebianRoot
{
    private const string Staging = ".recipe";
    private const string SetupName = "setup";

    // Mounts are not seen by the machine, and they and all processes end with the builder's child, however it ends.
    private static readonly string[] Apart = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];

    // $1 is the new root.
    private const string Customize =
        $"""
        set -e
        mount -t proc proc "$1/proc"
        [ ! -d "$1/{Staging}/files" ] || chroot "$1" cp -r --preserve=mode /{Staging}/files/. /
        [ ! -x "$1/{Staging}/{SetupName}" ] || chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 /{Staging}/{SetupName} >&2
        """;

    private const int DownloadTries = 3;
    private static readonly TimeSpan DownloadPause = TimeSpan.FromSeconds(5);

    private static readonly string[] DownloadFailures =
    [
        "Failed to fetch", "Unable to fetch", "Could not connect", "Connection failed", "Connection timed out", "Temporary failure resolving",
        "Hash Sum mismatch", "Unable to connect", "Could not resolve",
    ];

    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static async Task MakeAsync(TemplateRecipe recipe, string root, IProgress<string> progress, CancellationToken cancellation)
    {
        RecipeFile file = recipe.File;
        IReadOnlyList<string> sources = DebianSources.Choose(
            file.Suite, file.Components, Environment.GetEnvironmentVariable(DebianSources.MirrorVariable), await HostTargetsAsync(cancellation));
        progress.Report($"{file.Packages.Count} packages and what they need, from {string.Join(" + ", sources.Select(s => s[(s.IndexOf(']') + 2)..]))}");
        await InstallAsync(file, root, sources, progress, cancellation);
        if (recipe.Extended is { } first)
        {
            await CustomizeAsync(first, root, progress, cancellation);
        }

        await CustomizeAsync(recipe, root, progress, cancellation);
    }

    /// <summary>Whether apt says that it could not get what there is, rather than that there is no such thing.</summary>
    internal static bool IsDownloadFailure(string output) => DownloadFailures.Any(words => output.Contains(words, StringComparison.Ordinal));

    // A mirror that fails for a moment does not fail a build of minutes.
    private static async Task InstallAsync(
        RecipeFile file, string root, IReadOnlyList<string> sources, IProgress<string> progress, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await InstallOnceAsync(file, root, sources, progress, cancellation);
                return;
            }
            catch (TemplateBuildException e) when (attempt < DownloadTries && IsDownloadFailure(e.Message))
            {
                progress.Report($"a download failed: try {attempt + 1} of {DownloadTries} in {DownloadPause.TotalSeconds} s");
                await Task.Delay(DownloadPause, cancellation);
                if (Directory.Exists(root))
                {
                    Directory.Delete(root, recursive: true);
                }
            }
        }
    }

    private static async Task InstallOnceAsync(
        RecipeFile file, string root, IReadOnlyList<string> sources, IProgress<string> progress, CancellationToken cancellation) =>
        await BuildTool.RunAsync(
            "unshare",
            [
                .. Apart, "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", $"--include={string.Join(',', file.Packages)}",
                "--aptopt=APT::Install-Recommends \"false\"", "--aptopt=Acquire::Retries \"3\"",
                .. file.LeaveOut.Select(path => $"--dpkgopt=path-exclude={path}"),
                .. file.Keep.Select(path => $"--dpkgopt=path-include={path}"),
                file.Suite, root, .. sources,
            ],
            progress, cancellation, new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8", ["DEBIAN_FRONTEND"] = "noninteractive" });

    private static async Task CustomizeAsync(TemplateRecipe recipe, string root, IProgress<string> progress, CancellationToken cancellation)
    {
        string staging = Path.Combine(root, Staging);
        Directory.CreateDirectory(staging);
        if (recipe.File.Files is { } files)
        {
            Stage(Path.Combine(recipe.Directory, files), Path.Combine(staging, "files"));
        }

        if (recipe.File.Setup is { } setup)
        {
            string copy = Path.Combine(staging, SetupName);
            File.Copy(Path.Combine(recipe.Directory, setup), copy);
            File.SetUnixFileMode(copy, Executable);
        }

        progress.Report($"adding the files of {recipe.File.Name} and running its script");
        await BuildTool.RunAsync("unshare", [.. Apart, "sh", "-c", Customize, "customize", root], progress, cancellation);
        Directory.Delete(staging, recursive: true);
    }

    /// <summary>Copies with modes that do not depend on the umask under which the recipe was checked out.</summary>
    private static void Stage(string from, string to)
    {
        Directory.CreateDirectory(to);
        File.SetUnixFileMode(to, Executable);
        foreach (string directory in Directory.EnumerateDirectories(from))
        {
            Stage(directory, Path.Combine(to, Path.GetFileName(directory)));
        }

        foreach (string file in Directory.EnumerateFiles(from))
        {
            string copy = Path.Combine(to, Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, TemplateRecipe.IsExecutable(file) ? Executable : Plain);
        }
    }

    private static async Task<string> HostTargetsAsync(CancellationToken cancellation)
    {
        try
        {
            return await BuildTool.RunAsync(
                "apt-get", ["indextargets", "--format", DebianSources.TargetFormat, "Created-By: Packages"], null, cancellation);
        }
        catch (TemplateBuildException)
        {
            // Not a machine with apt: the official mirror it is.
            return "";
        }
    }
}
