using System.Diagnostics;

namespace Atoll.Host.Linux;

/// <summary>Runs programs of the machine, with which tests look at it from another side.</summary>
internal static class Commands
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Standard output of a program; an exception with its errors when its status is not 0.</summary>
    public static async Task<string> RunAsync(string file, params string[] arguments)
    {
        using Process process = Start(file, arguments);
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            string errors = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: status {process.ExitCode}: {errors}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a program; who calls this ends it.</summary>
    public static Process Start(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
