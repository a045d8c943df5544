using System.Diagnostics;

namespace Atoll.Conformance.Servers;

/// <summary>Finds, and at the end of a failed run removes, what one server instance's sandboxes hold of the machine.</summary>
internal sealed class Leftovers(string dataDirectory, string instance, string interfacePrefix)
{
    private string RunDirectory => Path.Combine("/run", instance);

    /// <summary>What the server itself holds while it runs, for all of its sandboxes.</summary>
    private IReadOnlyList<string> Shared => [Path.Combine(RunDirectory, "netns"), Path.Combine(dataDirectory, "sandboxes")];

    /// <summary>What is there of sandboxes, a line for each thing.</summary>
    public IReadOnlyList<string> Find() =>
    [
        .. Links().Select(link => $"network link {link}"),
        .. Mounts().Except(Shared).Select(mount => $"mount {mount}"),
        .. Namespaces().Select(path => $"network namespace {path}"),
        .. Processes().Select(process => $"process {process.Pid}: {process.Command}"),
        .. Cgroups().Select(path => $"cgroup {path}"),
    ];

    /// <summary>What is there of sandboxes and of a server that has stopped in order, a line for each thing.</summary>
    public async Task<IReadOnlyList<string>> FindAllAsync() =>
    [
        .. Find(),
        .. Mounts().Intersect(Shared).Select(mount => $"mount {mount}"),
        .. InstanceCgroups().Select(path => $"cgroup {path}"),
        .. await RunAsync("nft", "list", "table", "inet", instance) == 0 ? [$"nftables table inet {instance}"] : (string[])[],
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

        foreach (string path in Cgroups().Concat(InstanceCgroups()).OrderByDescending(path => path.Length))
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

    private IEnumerable<string> Cgroups() => InstanceCgroups().SelectMany(top => Directory.EnumerateDirectories(top, "*", SearchOption.AllDirectories));

    // At the top of the one hierarchy of v2, or of each hierarchy of v1.
    private IEnumerable<string> InstanceCgroups() => Directory.EnumerateDirectories("/sys/fs/cgroup")
        .Where(top => !File.GetAttributes(top).HasFlag(FileAttributes.ReparsePoint))
        .Append("/sys/fs/cgroup")
        .SelectMany(top => Directory.EnumerateDirectories(top, instance));

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

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        return process.ExitCode;
    }
}
