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

    private volatile FoundVersion? _version;

    /// <summary>
    /// Whether <c>/proc/sys/net</c> must be covered while runsc starts: builds before August 2024 take every network
    /// namespace of a recent kernel for the host's own and refuse it. Found out by <see cref="GVisorProbe"/>.
    /// </summary>
    public bool CoverSysNet { get; set; }

    /// <summary>Where the program is; null when it is nowhere.</summary>
    public string? FindProgram() => HostProcesses.Find(name);

    /// <summary>What the program says of its version; asked once for each program that is found there.</summary>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        string program = FindProgram() ?? throw new FileNotFoundException($"{name} is not installed; run atoll doctor");
        DateTime changed = File.GetLastWriteTimeUtc(program);
        if (_version is { } known && known.Program == program && known.Changed == changed)
        {
            return known.Text;
        }

        ProgramResult result = await processes.RunAsync(program, ["--version"], s_limit, cancellation);
        string text = result.ExitCode == 0
            ? result.Output.Split('\n')[0].Trim()
            : throw new IOException($"{name} --version ended with {result.ExitCode}");
        _version = new FoundVersion(program, changed, text);
        return text;
    }

    /// <summary>
    /// Starts the sandbox of a written bundle; returns the pid of the process that is the sandbox. Its agent reads
    /// <paramref name="secret"/> from standard input; its output goes nowhere, so that a guest cannot fill the host's disk.
    /// </summary>
    public async Task<int> StartAsync(SandboxId id, string diskDirectory, ReadOnlyMemory<byte> secret, CancellationToken cancellation)
    {
        (Descriptor read, Descriptor write) = DescriptorCalls.Pipe();
        using (write)
        {
            DescriptorCalls.Write(write, secret.Span);
        }

        using (read)
        {
            return await LaunchAsync(id, ["run"], diskDirectory, read, s_limit, cancellation);
        }
    }

    /// <summary>Starts the sandbox of a written bundle from an image instead of its first program.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public async Task<int> RestoreAsync(SandboxId id, string diskDirectory, string imageDirectory, TimeSpan limit, CancellationToken cancellation)
    {
        using Descriptor nothing = DescriptorCalls.OpenNull();
        return await LaunchAsync(id, ["restore", $"-image-path={imageDirectory}"], diskDirectory, nothing, limit, cancellation);
    }

    /// <summary>Writes the memory of a sandbox to an empty directory, and lets it run on: also when that fails.</summary>
    /// <exception cref="IOException">With what runsc says about it.</exception>
    public async Task CheckpointAsync(SandboxId id, string imageDirectory, TimeSpan limit, CancellationToken cancellation)
    {
        string log = paths.CheckpointLogOf(id);
        string[] arguments =
        [
            .. Common(id, log), "checkpoint", "-leave-running", "-compression=none", $"-image-path={imageDirectory}", ContainerId,
        ];
        using Descriptor nothing = DescriptorCalls.OpenNull();
        try
        {
            ChildExit exit = await processes.EndAsync(Spawn(arguments, nothing), limit, cancellation);
            if (exit.Code != 0)
            {
                throw new IOException(ReadFailure(log) ?? $"runsc checkpoint ended with {exit.Code}");
            }
        }
        finally
        {
            if (File.Exists(log))
            {
                File.Delete(log);
            }
        }
    }

    /// <summary>Whether an earlier process of the server ended while it wrote the sandbox's memory: it may stand still until that is done.</summary>
    public bool MayBeCheckpointing(SandboxId id) => File.Exists(paths.CheckpointLogOf(id));

    private async Task<int> LaunchAsync(
        SandboxId id, IReadOnlyList<string> verb, string diskDirectory, Descriptor input, TimeSpan limit, CancellationToken cancellation)
    {
        string pidFile = Path.Combine(paths.BundleOf(id), "pid");
        string[] arguments =
        [
            .. Common(id, paths.LogOf(id)),
            "--network=sandbox",
            $"--overlay2=root:dir={diskDirectory}",
            "--net-disconnect-ok",
            "--cpu-num-from-quota",
            .. verb, "-detach", $"-bundle={paths.BundleOf(id)}", $"-pid-file={pidFile}", ContainerId,
        ];
        HostProcess process = CoverSysNet
            ? await Namespaces.RunWithoutProcSysNetAsync(() => Spawn(arguments, input))
            : Spawn(arguments, input);
        ChildExit exit = await processes.EndAsync(process, limit, cancellation);
        return exit.Code == 0
            ? int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture)
            : throw new IOException($"runsc did not start the sandbox: {ReadFailure(paths.LogOf(id)) ?? $"it ended with {exit.Code}"}");
    }

    private string[] Common(SandboxId id, string log) =>
        [$"--root={paths.RunscRootOf(id)}", $"--log={log}", "--log-format=json", "--platform=systrap"];

    private HostProcess Spawn(IReadOnlyList<string> arguments, Descriptor input)
    {
        string program = FindProgram() ?? throw new FileNotFoundException($"{name} is not installed; run atoll doctor");
        using Descriptor nothing = DescriptorCalls.OpenNull();
        return processes.Start(new SpawnRequest(program, [name, .. arguments], s_environment, "/", input, nothing, nothing));
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

    private sealed record FoundVersion(string Program, DateTime Changed, string Text);
}
