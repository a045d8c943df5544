using System.Diagnostics;
using System.Runtime.CompilerServices;
using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Cli;

/// <summary>What a finished run of the CLI said and returned.</summary>
internal sealed record CliOutcome(int Code, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The built <c>atoll</c> program with a home directory of its own and nothing of its user's environment that it reads.</summary>
internal sealed class AtollCli : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public string Home { get; } = Directory.CreateTempSubdirectory("atoll-cli-home-").FullName;

    public string ConfigPath => Path.Combine(Home, ".scalebox-cli", "config.json");

    /// <summary>Set for every run, such as SCALEBOX_API_KEY.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public Task<CliOutcome> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<CliOutcome> RunWithInputAsync(string input, params string[] arguments)
    {
        using CliProcess process = Start(arguments);
        await process.TypeAsync(input);
        return await process.EndAsync(Limit);
    }

    /// <summary>Starts a run that the test watches or interrupts.</summary>
    public CliProcess Start(params string[] arguments)
    {
        // A test run in the background may have Ctrl-C ignored, which children inherit.
        var start = new ProcessStartInfo("/usr/bin/env", ["--default-signal=INT", Program(), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("SCALEBOX_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HOME"] = Home;
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        return new CliProcess(Process.Start(start)!);
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    internal static string Program([CallerFilePath] string here = "")
    {
        string artifacts = System.Environment.GetEnvironmentVariable("ATOLL_TEST_ARTIFACTS") is { Length: > 0 } path
            ? path
            : Path.GetFullPath(Path.Combine(here, "../../../../artifacts"));
        string program = Path.Combine(artifacts, "bin", "atoll");
        return File.Exists(program) ? program : throw new FileNotFoundException($"there is no {program}: run ./test, or set ATOLL_TEST_ARTIFACTS");
    }
}

/// <summary>One run of the CLI. Disposing of it kills it if it still runs.</summary>
internal sealed class CliProcess(Process process) : IDisposable
{
    private readonly Task<string> _error = process.StandardError.ReadToEndAsync();

    /// <summary>Gives it all of its standard input.</summary>
    public async Task TypeAsync(string input)
    {
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
    }

    /// <summary>The next line of its standard output.</summary>
    public Task<string?> LineAsync(TimeSpan limit) => process.StandardOutput.ReadLineAsync().WaitAsync(limit);

    /// <summary>What Ctrl-C sends.</summary>
    public async Task InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end; the output is what <see cref="LineAsync"/> has not read.</summary>
    public async Task<CliOutcome> EndAsync(TimeSpan limit)
    {
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(limit);
        string error = await _error.WaitAsync(limit);
        await process.WaitForExitAsync().WaitAsync(limit);
        return new CliOutcome(process.ExitCode, output, error);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            AtollServer.Kill(process.Id);
        }

        process.Dispose();
    }
}
