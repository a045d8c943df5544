using System.CommandLine;
using Atoll.Server.Doctor;

namespace Atoll.Server.Commands;

/// <summary>The commands of atoll-server, each a file beside this one, and what a failed one says.</summary>
internal static class CommandLine
{
    /// <param name="error">Takes what is wrong, in one line.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter error)
    {
        var root = new RootCommand("Atoll: a self-hosted sandbox cloud")
        {
            ServeCommand.Create(),
            AuthCommand.Create(),
            CaCommand.Create(),
            TemplateCommand.Create(),
            BackupCommand.Backup(),
            BackupCommand.Restore(),
            DoctorCommand.Create(),
        };
        try
        {
            // The host of `serve` ends by itself on SIGTERM and SIGINT, with its own grace period.
            return await root.Parse(args).InvokeAsync(
                new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            await error.WriteLineAsync($"atoll-server {args.FirstOrDefault()}: {TextOf(e)}");
            return 1;
        }
    }

    /// <summary>One line for what an operator can mend, which says how; the whole trace for a defect.</summary>
    internal static string TextOf(Exception e) => e switch
    {
        NullReferenceException or IndexOutOfRangeException or InvalidCastException or KeyNotFoundException or ObjectDisposedException => e.ToString(),
        OperationCanceledException => "it was stopped, or something took too long: look at the load of this machine, then try again",
        _ => string.Join("; ", e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    };
}
