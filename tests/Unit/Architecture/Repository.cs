using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Atoll.Unit.Architecture;

/// <summary>The checked-out sources that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Hand-written C# under a folder, as paths relative to the root.</summary>
    public static IReadOnlyList<string> Sources(string folder) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !IsBuilt(path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Every project that the layer rules are about.</summary>
    public static IReadOnlyList<string> Projects() =>
    [
        .. new[] { "src", "tests", "bench" }
            .Select(folder => Path.Combine(Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
            .Where(path => !IsBuilt(path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The projects that a project names.</summary>
    public static IReadOnlyList<string> References(string project) =>
    [
        .. XDocument.Load(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)),
    ];

    /// <summary>Runs MSBuild on one project and returns its exit code and all that it says.</summary>
    public static async Task<(int Code, string Output)> BuildAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        start.ArgumentList.Add("msbuild");
        start.ArgumentList.Add("-nodeReuse:false");
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
            return (process.ExitCode, output + await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static bool IsBuilt(string path) => path.Split('/').Any(part => part is "bin" or "obj");

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? at = Path.GetDirectoryName(here);
        while (at is not null && !File.Exists(Path.Combine(at, "Atoll.slnx")))
        {
            at = Path.GetDirectoryName(at);
        }
        Assert.NotNull(at);
        return at;
    }
}
