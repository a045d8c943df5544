using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Atoll.Conformance.Servers;

/// <summary>
/// One server process with a data directory, an instance name, a network pool and an interface prefix of its own, so
/// that several can run on one machine and nothing of one is mistaken for another's.
/// </summary>
internal sealed class AtollServer : IAsyncDisposable
{
    private const int Sigterm = 15;
    private const int Sigkill = 9;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly string _tag = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(2))[..3];
    private readonly List<string> _said = [];
    private Process? _process;
    private Task _reading = Task.CompletedTask;
    private string _listen = "127.0.0.1:0";

    public AtollServer()
    {
        DataDirectory = Directory.CreateTempSubdirectory("atoll-conformance-").FullName;
        Leftovers = new Leftovers(DataDirectory, Instance, InterfacePrefix);
        if (Directory.Exists(Templates))
        {
            Directory.CreateSymbolicLink(Path.Combine(DataDirectory, "templates"), Templates);
        }
    }

    /// <summary>gvisor unless the environment asks for another.</summary>
    public static string Runtime => Environment.GetEnvironmentVariable("ATOLL_TEST_RUNTIME") is { Length: > 0 } name ? name : "gvisor";

    public string DataDirectory { get; }

    public Leftovers Leftovers { get; }

    public int ProcessId => _process!.Id;

    public Uri Url { get; private set; } = new("http://unstarted.invalid");

    /// <summary>The key that the first start printed.</summary>
    public string Key { get; private set; } = "";

    private string Instance => $"atollc{_tag}";

    private string InterfacePrefix => $"atl{_tag}";

    private string LogFile => Path.Combine(DataDirectory, "server.log");

    private static string Templates => Environment.GetEnvironmentVariable("ATOLL_TEST_TEMPLATES") is { Length: > 0 } path
        ? path
        : Path.Combine(Root(), "artifacts", "test-data", "templates");

    /// <summary>Starts the server and waits until it says that it listens. Again, after it ended, on the same port and data.</summary>
    /// <param name="fault">What to inject into launches, such as <c>kill@after:network</c>; null for nothing.</param>
    public async Task StartAsync(string? fault = null)
    {
        int pool = 64 + (Convert.ToInt32(_tag, 16) % 64);
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true };
        string[] arguments =
        [
            "-c", "exec \"$0\" \"$@\" 2>>\"$ATOLL_TEST_LOG\" </dev/null", Program(), "serve", "--data", DataDirectory, "--listen", _listen,
            "--runtime", Runtime, "--min-timeout", "1", "--instance", Instance, "--interface-prefix", InterfacePrefix,
            "--network-pool", $"10.{128 + pool}.0.0/16",
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ATOLL_TEST_LOG"] = LogFile;
        start.Environment["ATOLL_FAULT"] = fault;
        _process = Process.Start(start)!;
        var listens = new TaskCompletionSource();
        _reading = ReadAsync(_process.StandardOutput, listens);
        Task ended = _process.WaitForExitAsync();
        if (await Task.WhenAny(listens.Task, ended).WaitAsync(StartLimit) == ended)
        {
            throw new InvalidOperationException($"the server ended with {_process.ExitCode} before it listened:\n{Log()}");
        }

        _listen = Url.Authority;
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public Task EndAsync() => _process!.WaitForExitAsync().WaitAsync(StopLimit);

    /// <summary>Ends it as a power cut of the process would.</summary>
    public async Task KillAsync()
    {
        Send(_process!.Id, Sigkill);
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
    }

    /// <summary>Asks it to stop and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Send(_process!.Id, Sigterm);
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
        return _process.ExitCode;
    }

    /// <summary>Runs another command of the server's program on the same data and returns what it printed.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Program(), [.. arguments, "--data", DataDirectory]) { RedirectStandardOutput = true })!;
        string said = await process.StandardOutput.ReadToEndAsync().WaitAsync(StopLimit);
        await process.WaitForExitAsync().WaitAsync(StopLimit);
        return process.ExitCode == 0 ? said.Trim() : throw new InvalidOperationException($"{arguments[0]} ended with {process.ExitCode}: {said}");
    }

    /// <summary>Bytes of memory that the server has at the moment (VmRSS in proc_pid_status(5)).</summary>
    public long Memory() => 1024 * long.Parse(File.ReadLines($"/proc/{_process!.Id}/status")
        .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    /// <summary>The host's processes of one sandbox whose command line says that they are its kernel.</summary>
    public IEnumerable<int> RuntimesOf(string sandboxId) => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out int pid) ? pid : 0)
        .Where(pid => pid > 0 && CommandOf(pid) is var command && command.StartsWith("runsc-sandbox", StringComparison.Ordinal)
            && command.Contains(sandboxId["sbx-".Length..], StringComparison.Ordinal));

    public static void Kill(int pid) => Send(pid, Sigkill);

    public static void Signal(int pid, int signal) => Send(pid, signal);

    public string Log() => string.Join('\n', _said) + "\n" + (File.Exists(LogFile) ? File.ReadAllText(LogFile) : "");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        await Leftovers.RemoveAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private async Task ReadAsync(StreamReader output, TaskCompletionSource listens)
    {
        const string KeyLine = "API key: ";
        const string ReadyLine = "listening on ";
        while (await output.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(KeyLine, StringComparison.Ordinal))
            {
                Key = line[KeyLine.Length..].Trim();
                continue;
            }

            _said.Add(line);
            if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
            {
                Url = new Uri(line[ReadyLine.Length..].Trim());
                listens.TrySetResult();
            }
        }
    }

    private static string Program()
    {
        string artifacts = Environment.GetEnvironmentVariable("ATOLL_TEST_ARTIFACTS") is { Length: > 0 } path ? path : Path.Combine(Root(), "artifacts");
        string[] places =
        [
            Environment.GetEnvironmentVariable("ATOLL_SERVER") ?? "",
            Path.Combine(artifacts, "server", "atoll-server"),
            Path.Combine(Root(), "src/Server/bin/Release/net10.0/atoll-server"),
            Path.Combine(Root(), "src/Server/bin/Debug/net10.0/atoll-server"),
        ];
        return Array.Find(places, File.Exists)
            ?? throw new FileNotFoundException("there is no built server: run ./test, or set ATOLL_SERVER to the path of atoll-server");
    }

    private static string CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            // It has ended.
            return "";
        }
    }

    private static void Send(int pid, int signal)
    {
        if (SendSignal(pid, signal) != 0)
        {
            throw new InvalidOperationException($"process {pid} took no signal: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int pid, int signal);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "../../../.."));
}
