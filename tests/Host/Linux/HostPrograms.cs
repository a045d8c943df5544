using System.Diagnostics;
using Atoll.Node.Runtimes;

namespace Atoll.Host.Linux;

/// <summary>Runs programs for code under test as the server does, but with the framework's own reaper.</summary>
internal static class HostPrograms
{
    public static async Task<ProgramResult> RunAsync(
        string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(cancellation).WaitAsync(limit, cancellation);
        string errors = await process.StandardError.ReadToEndAsync(cancellation).WaitAsync(limit, cancellation);
        await process.WaitForExitAsync(cancellation);
        return new ProgramResult(process.ExitCode, output + errors);
    }
}
