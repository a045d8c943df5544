using System.Text;
using Atoll.Domain.Processes;

namespace Atoll.Host.Runtimes;

/// <summary>Programs in a sandbox, for tests.</summary>
internal static class Guest
{
    /// <summary>Runs a command to its end.</summary>
    /// <returns>What it wrote, without the last end of line.</returns>
    public static async Task<string> RunAsync(this IAgent agent, string command, CancellationToken cancellation)
    {
        ProcessInfo process = await agent.StartAsync(new ProcessSpec { Arguments = ["bash", "-c", command] }, cancellation);
        var said = new StringBuilder();
        await foreach (ProcessEvent item in agent.AttachAsync(process.Pid, 0, cancellation))
        {
            said.Append(item is ProcessEvent.Output output ? Encoding.UTF8.GetString(output.Data.Span) : "");
        }

        return said.ToString().TrimEnd('\n');
    }

    /// <summary>A program that reads lines.</summary>
    public static ProcessSpec Python(string script) => new() { Arguments = ["python3", "-u", "-c", script], TakesInput = true };
}
