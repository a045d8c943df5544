using System.Diagnostics;

namespace Atoll.Bench;

/// <summary>Where numbers were taken, as far as this process can tell.</summary>
internal sealed record Machine(
    string Cpu, int Cores, long MemoryMb, string Kernel, string Cgroups, string Runsc, string Commit, double LoadBefore, DateTimeOffset At)
{
    public static Machine Read() => new(
        Field("/proc/cpuinfo", "model name") ?? "unknown",
        Environment.ProcessorCount,
        long.Parse(Field("/proc/meminfo", "MemTotal")?.Split(' ')[0] ?? "0") / 1024,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        CgroupVersion(),
        Say("runsc", "--version") ?? "none on PATH",
        Say("git", "-C", AppContext.BaseDirectory, "describe", "--always", "--dirty") ?? "unknown",
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture),
        DateTimeOffset.UtcNow);

    public void WriteMarkdown(TextWriter output)
    {
        output.WriteLine($"- machine: {Cpu}, {Cores} cores, {MemoryMb} MB; load before: {LoadBefore:0.00}");
        output.WriteLine($"- kernel: {Kernel}; cgroup {Cgroups}; {Runsc}");
        output.WriteLine($"- commit: {Commit}; {At:yyyy-MM-dd HH:mm}Z");
    }

    private static string? Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();

    private static string CgroupVersion() =>
        File.Exists("/sys/fs/cgroup/cgroup.controllers") ? "v2"
        : Directory.Exists("/sys/fs/cgroup/unified") ? "v1 (hybrid)"
        : "v1";

    /// <summary>The first line that a program says; null when it is not there or fails.</summary>
    private static string? Say(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                process.Kill();
                return null;
            }
            return process.ExitCode == 0 ? process.StandardOutput.ReadLine()?.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
