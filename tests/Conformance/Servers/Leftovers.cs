using System.Diagnostics;

namespace Atoll.Conformance.Servers;

/// <summary>Finds, and at the end of a failed run removes, what one server instance's sandboxes hold of the machine.</summary>
internal sealed class Leftovers(string dataDirectory, string instance, string interfacePrefix)
{
    private string RunDirectory => Path.Combine("/run", instance);

    /// <summary>One line for each thing. Empty when the machine is as it was.</summary>
    public IReadOnlyList<string> Find() =>
    [
        .. Links().Select(link => $"network link {link}"),
        .. Mounts().Select(mount => $"mount {mount}"),
        .. Namespaces().Select(path => $"network namespace {path}"),
        .. Processes().Select(process => $"process {process.Pid}: {process.Command}"),
        .. Cgroups().Select(path => $"cgroup {path}"),
    ];

    /// <summary>Waits until nothing is left, for things that end on their own; returns what still is.</summary>
    public async Task<IReadOnlyList<string>> SettleAsync(TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (Find() is { Count: > 0 } left)
        {
            if (watch.Elapsed > limit)
            {
                return left;
            }

            await Task.Delay(100);
        }

        return [];
    }

    /// <summary>Takes everything away that is still there.</summary>
    public async Task RemoveAsync()
    {
        foreach ((int pid, _) in Processes())
        {
            await RunAsync("kill", "-KILL", pid.ToString());
        }

        foreach (string mount in Mounts().Concat(Namespaces()).Reverse())
        {
            await RunAsync("umount", "-l", mount);
        }

        foreach (string link in Links())
        {
            await RunAsync("ip", "link", "delete", link);
        }

        foreach (string path in Cgroups().OrderByDescending(path => path.Length))
        {
            await RunAsync("rmdir", path);
        }

        await RunAsync("nft", "delete", "table", "inet", instance);
        if (Directory.Exists(RunDirectory))
        {
            Directory.Delete(RunDirectory, recursive: true);
        }
    }

    private IEnumerable<string> Links() =>
        Directory.EnumerateDirectories("/sys/class/net").Select(path => Path.GetFileName(path)!).Where(name => name.StartsWith(interfacePrefix, StringComparison.Ordinal));

    private IEnumerable<string> Mounts() => File.ReadAllLines("/proc/self/mountinfo")
        .Select(line => line.Split(' ')[4])
        .Where(point => Within(point, dataDirectory) || Within(point, RunDirectory));

    private IEnumerable<string> Namespaces()
    {
        string directory = Path.Combine(RunDirectory, "netns");
        return Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory) : [];
    }

    private IEnumerable<string> Cgroups() => Directory.EnumerateDirectories("/sys/fs/cgroup", $"*{instance}*", SearchOption.TopDirectoryOnly)
        .Concat(Directory.EnumerateDirectories("/sys/fs/cgroup").Where(top => !File.GetAttributes(top).HasFlag(FileAttributes.ReparsePoint))
            .SelectMany(top => Directory.EnumerateDirectories(top, $"*{instance}*")))
        .SelectMany(top => Directory.EnumerateDirectories(top, "*", SearchOption.AllDirectories))
        .Distinct();

    /// <summary>Sandbox processes: their command lines name the data or the run directory. Not the server itself.</summary>
    private IEnumerable<(int Pid, string Command)> Processes()
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out int pid) || pid == Environment.ProcessId)
            {
                continue;
            }

            string command;
            try
            {
                command = File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ');
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if ((command.Contains(dataDirectory) || command.Contains(RunDirectory + "/")) && !command.Contains("atoll-server"))
            {
                yield return (pid, command);
            }
        }
    }

    private static bool Within(string path, string directory) => path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }
}
