using System.Diagnostics;

namespace Atoll.Peers;

/// <summary>Runs programs with a bound on their time and tells what they said.</summary>
internal static class Tool
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <exception cref="PeerException">It is not there, fails, or takes longer than the limit.</exception>
    public static async Task<string> RunAsync(string[] command, TimeSpan? limit = null, string? workingDirectory = null)
    {
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        using Process process = Start(start);
        process.StandardInput.Close();
        using CancellationTokenSource timeout = new(limit ?? Limit);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
            string output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0
                ? output
                : throw new PeerException($"{command[0]} ended with {process.ExitCode}: {FirstLine(await error)}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new PeerException($"{command[0]} took longer than {(limit ?? Limit).TotalSeconds} s");
        }
    }

    /// <summary>Runs a clean-up that may find nothing to do.</summary>
    public static async Task TryRunAsync(params string[] command)
    {
        try
        {
            await RunAsync(command);
        }
        catch (PeerException exception)
        {
            await Console.Error.WriteLineAsync($"Warning: clean-up: {exception.Message}");
        }
    }

    public static bool IsInstalled(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new PeerException($"{start.FileName}: {exception.Message}");
        }
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0];
}

/// <summary>A peer cannot be measured, or one measurement failed.</summary>
internal sealed class PeerException(string message) : Exception(message);
