using System.Globalization;
using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Atoll.Linux;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Runs the <c>runsc</c> program: the only place that knows its command line.</summary>
internal sealed class Runsc(string name, SandboxPaths paths, HostProcesses processes)
{
    private const string ContainerId = "s";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly string[] s_environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

    /// <summary>
    /// Whether <c>/proc/sys/net</c> must be covered while runsc starts: builds before August 2024 take every network
    /// namespace of a recent kernel for the host's own and refuse it. Found out by <see cref="GVisorProbe"/>.
    /// </summary>
    public bool CoverSysNet { get; set; }

    /// <summary>Where the program is; null when it is nowhere.</summary>
    public string? FindProgram() => HostProcesses.Find(name);

    /// <summary>What the program says of its version.</summary>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        ProgramResult result = await processes.RunAsync(name, ["--version"], s_limit, cancellation);
        return result.ExitCode == 0
            ? result.Output.Split('\n')[0].Trim()
            : throw new IOException($"{name} --version ended with {result.ExitCode}");
    }

    /// <summary>
    /// Starts the sandbox of a written bundle; returns the pid of the process that is the sandbox. Its agent reads
    /// <paramref name="secret"/> from standard input; its output goes nowhere, so that a guest cannot fill the host's disk.
    /// </summary>
    public async Task<int> StartAsync(SandboxId id, string diskDirectory, ReadOnlyMemory<byte> secret, CancellationToken cancellation)
    {
        string pidFile = Path.Combine(paths.BundleOf(id), "pid");
        string[] arguments =
        [
            $"--root={paths.RunscRootOf(id)}",
            $"--log={paths.LogOf(id)}", "--log-format=json",
            "--platform=systrap",
            "--network=sandbox",
            $"--overlay2=root:dir={diskDirectory}",
            "--net-disconnect-ok",
            "--cpu-num-from-quota",
            "run", "-detach", $"-bundle={paths.BundleOf(id)}", $"-pid-file={pidFile}", ContainerId,
        ];
        (Descriptor read, Descriptor write) = DescriptorCalls.Pipe();
        using (write)
        {
            DescriptorCalls.Write(write, secret.Span);
        }

        using (read)
        {
            ChildExit exit = await processes.EndAsync(await SpawnAsync(arguments, read), s_limit, cancellation);
            if (exit.Code != 0)
            {
                throw new IOException($"runsc did not start the sandbox: {ReadFailure(paths.LogOf(id)) ?? $"it ended with {exit.Code}"}");
            }
        }

        return int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture);
    }

    private async Task<HostProcess> SpawnAsync(IReadOnlyList<string> arguments, Descriptor input)
    {
        string program = FindProgram() ?? throw new FileNotFoundException($"{name} is not installed; run atoll doctor");
        using Descriptor nothing = DescriptorCalls.OpenNull();
        var request = new SpawnRequest(program, [name, .. arguments], s_environment, "/", input, nothing, nothing);
        return CoverSysNet
            ? await Namespaces.RunWithoutProcSysNetAsync(() => processes.Start(request))
            : processes.Start(request);
    }

    /// <summary>The last error in a log of runsc, of which at most the last 16 KiB are read; null when there is none.</summary>
    internal static string? ReadFailure(string logPath)
    {
        if (!File.Exists(logPath))
        {
            return null;
        }

        using FileStream log = File.OpenRead(logPath);
        log.Seek(Math.Max(0, log.Length - (16 * 1024)), SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        string? failure = null;
        while (reader.ReadLine() is { } line)
        {
            failure = ErrorIn(line) ?? failure;
        }

        return failure;
    }

    internal static string? ErrorIn(string line)
    {
        try
        {
            using JsonDocument entry = JsonDocument.Parse(line);
            return entry.RootElement.TryGetProperty("level", out JsonElement level) && level.GetString() is "error" or "fatal"
                && entry.RootElement.TryGetProperty("msg", out JsonElement message)
                    ? message.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
