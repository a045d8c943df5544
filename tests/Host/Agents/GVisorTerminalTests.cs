using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Host.Runtimes;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>That terminals are the user's and control him under gVisor's kernel too.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorTerminalTests(GVisorMachine machine)
{
    [Fact]
    public async Task A_user_has_a_shell_on_a_terminal_of_his_own_in_a_sandbox()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var world = new GVisorContractNode(machine, LaunchFaults.None);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        await world.Node.LaunchAsync(world.Request(id), _ => { }, limit.Token);
        IAgent agent = world.Node.Agent(id);

        await using Conversation shell = await Conversation.StartAsync(agent, new ProcessSpec
        {
            Arguments = ["bash", "--norc", "-i"], User = "nobody", WorkingDirectory = "/", Terminal = new TerminalSize(100, 30),
            Environment = new Dictionary<string, string> { ["PS1"] = "ready> " },
        });
        await shell.UntilAsync("ready> ");
        await shell.TypeAsync("stty size; tty; stat -c '%U %a' $(tty); echo $TERM\n");
        string said = await shell.UntilAsync("xterm-256color\r\n");
        Assert.Contains("30 100\r\n/dev/pts/", said);
        Assert.Contains("nobody 620\r\n", said);

        await shell.TypeAsync("sh -c \"trap 'stty size' WINCH; echo started; while :; do sleep 0.05; done\"\n");
        await shell.UntilAsync("\rstarted\r\n");
        await agent.ResizeAsync(shell.Pid, new TerminalSize(132, 43), limit.Token);
        await shell.UntilAsync("43 132\r\n");
        await shell.TypeAsync("\u0003");
        await shell.UntilAsync("ready> ");
        await shell.TypeAsync("echo code; exit 5\n");
        await shell.EndAsync();
        Assert.Equal(new ProcessExit(5, 0), shell.Exit);
    }
}
