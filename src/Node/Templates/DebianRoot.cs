namespace Atoll.Node.Templates;

/// <summary>Makes a Debian root file system with mmdebstrap: packages, then the recipe's files, then its script.</summary>
internal static class DebianRoot
{
    // $1 is the new root. The script is run from within, where its path must exist.
    private const string CopyFiles = """cp -r --preserve=mode "$ATOLL_RECIPE_FILES/." "$1/" """;
    private const string RunSetup = """install -m 0755 "$ATOLL_RECIPE_SETUP" "$1/.setup" && chroot "$1" /.setup && rm "$1/.setup" """;

    /// <param name="staging">A directory to make, for copies of the recipe's files; removed at the end.</param>
    public static async Task MakeAsync(TemplateRecipe recipe, string root, string staging, IProgress<string> progress, CancellationToken cancellation)
    {
        RecipeFile file = recipe.File;
        List<string> arguments =
        [
            "--mode=root", "--variant=minbase", "--format=directory", $"--include={string.Join(',', file.Packages)}",
            "--aptopt=APT::Install-Recommends \"false\"", "--aptopt=Acquire::Retries \"3\"",
            .. file.LeaveOut.Select(path => $"--dpkgopt=path-exclude={path}"),
            .. file.Keep.Select(path => $"--dpkgopt=path-include={path}"),
        ];
        Dictionary<string, string> environment = new() { ["LC_ALL"] = "C.UTF-8", ["DEBIAN_FRONTEND"] = "noninteractive" };
        if (file.Files is { } files)
        {
            Stage(Path.Combine(recipe.Directory, files), staging);
            environment["ATOLL_RECIPE_FILES"] = staging;
            arguments.Add($"--customize-hook={CopyFiles}");
        }

        if (file.Setup is { } setup)
        {
            environment["ATOLL_RECIPE_SETUP"] = Path.GetFullPath(Path.Combine(recipe.Directory, setup));
            arguments.Add($"--customize-hook={RunSetup}");
        }

        IReadOnlyList<string> sources = DebianSources.Choose(
            file.Suite, file.Components, Environment.GetEnvironmentVariable(DebianSources.MirrorVariable), await HostTargetsAsync(cancellation));
        progress.Report($"{file.Packages.Count} packages and what they need, from {string.Join(" + ", sources.Select(s => s[(s.IndexOf(']') + 2)..]))}");
        await BuildTool.RunAsync("mmdebstrap", [.. arguments, file.Suite, root, .. sources], progress, cancellation, environment);
        if (Directory.Exists(staging))
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    /// <summary>Copies with modes that do not depend on the umask under which the recipe was checked out.</summary>
    private static void Stage(string from, string to)
    {
        const UnixFileMode plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode executable = plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(to);
        File.SetUnixFileMode(to, executable);
        foreach (string directory in Directory.EnumerateDirectories(from))
        {
            Stage(directory, Path.Combine(to, Path.GetFileName(directory)));
        }

        foreach (string file in Directory.EnumerateFiles(from))
        {
            string copy = Path.Combine(to, Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, TemplateRecipe.IsExecutable(file) ? executable : plain);
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
