using System.Diagnostics;

namespace Atoll.Cli.Templates;

/// <summary>An image that a builder on this machine made of a Dockerfile, as a file that goes when it is disposed of.</summary>
internal sealed class LocalImage : IDisposable
{
    private static readonly string[] Builders = ["docker", "podman", "buildah"];
    private readonly string _directory;

    private LocalImage(string directory) => _directory = directory;

    public string File => Path.Combine(_directory, "image.tar");

    /// <exception cref="CliException">There is no builder, or it failed; what it says is on standard error.</exception>
    public static async Task<LocalImage> BuildAsync(Terminal terminal, string dockerfile, string path, string tag, CancellationToken cancellation)
    {
        string builder = Builders.FirstOrDefault(name => Find(terminal, name) is not null) ?? throw new CliException(
            $"a Dockerfile needs one of {string.Join(", ", Builders)} on the PATH, and none is there: install one, or build the image elsewhere and use --image-file");
        if (!System.IO.File.Exists(dockerfile))
        {
            throw new CliException($"there is no {dockerfile}: name it with --dockerfile");
        }
        LocalImage image = new(Directory.CreateTempSubdirectory("atoll-image-").FullName);
        try
        {
            string program = Find(terminal, builder)!;
            await RunAsync(terminal, program, ["build", "-t", tag, "-f", dockerfile, path], cancellation).ConfigureAwait(false);
            string[] save = builder == "buildah" ? ["push", tag, $"docker-archive:{image.File}:{tag}"] : ["save", "-o", image.File, tag];
            await RunAsync(terminal, program, save, cancellation).ConfigureAwait(false);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string? Find(Terminal terminal, string program) => (terminal.Environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => Path.Combine(directory, program)).FirstOrDefault(System.IO.File.Exists);

    /// <summary>All that the program says goes to standard error: standard output is for the result.</summary>
    private static async Task RunAsync(Terminal terminal, string program, string[] arguments, CancellationToken cancellation)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            await Task.WhenAll(
                process.StandardOutput.BaseStream.CopyToAsync(terminal.RawError, cancellation),
                process.StandardError.BaseStream.CopyToAsync(terminal.RawError, cancellation)).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        if (process.ExitCode != 0)
        {
            throw new CliException($"{Path.GetFileName(program)} {arguments[0]} failed with exit code {process.ExitCode}; what it said is above");
        }
    }
}
