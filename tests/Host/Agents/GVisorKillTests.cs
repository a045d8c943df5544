using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Host.Runtimes;
using Atoll.Linux;
using Atoll.Node.Launch;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>That a kill finds everything under gVisor's kernel too, by its own account of processes and environments.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorKillTests(GVisorMachine machine)
{
    private const string Sleepers = "grep -l '(sleep)' /proc/[0-9]*/stat 2>/dev/null | wc -l";

    [Fact]
    public async Task A_kill_in_a_sandbox_reaches_all_that_a_process_started()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var world = new GVisorContractNode(machine, LaunchFaults.None);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        await world.Node.LaunchAsync(world.Request(id), _ => { }, limit.Token);
        IAgent agent = world.Node.Agent(id);
        const string command = "setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &); env -i setsid sleep 1000 & sleep 1000";
        ProcessInfo process = await agent.StartAsync(new ProcessSpec { Arguments = ["sh", "-c", command] }, limit.Token);
        await UntilSleepersAsync(agent, "5\n", limit.Token);

        await agent.SignalAsync(process.Pid, Signals.SIGKILL, wholeGroup: true, limit.Token);
        await UntilSleepersAsync(agent, "0\n", limit.Token);
    }

    private static async Task UntilSleepersAsync(IAgent agent, string wanted, CancellationToken cancellation)
    {
        while (await OutputAsync(agent, Sleepers, cancellation) != wanted)
        {
            await Task.Delay(50, cancellation);
        }
    }

    private static async Task<string> OutputAsync(IAgent agent, string command, CancellationToken cancellation)
    {
        ProcessInfo process = await agent.StartAsync(new ProcessSpec { Arguments = ["sh", "-c", command] }, cancellation);
        string text = "";
        await foreach (ProcessEvent item in agent.AttachAsync(process.Pid, 0, cancellation))
        {
            text += item is ProcessEvent.Output output ? System.Text.Encoding.ASCII.GetString(output.Data.Span) : "";
        }

        return text;
    }
}
