using Atoll.Domain.Files;
using Atoll.Host.Agents;
using Atoll.Node.Agents;
using Xunit;

namespace Atoll.Host.Files;

/// <summary>
/// An agent on this machine that sees a /tmp and a /home of its own, empty and in memory, and the users root and user:
/// what its tests do to files leaves nothing.
/// </summary>
public sealed class FilesAgent : IAsyncDisposable
{
    // The agent gets another place before /tmp and /home are covered: it may lie there.
    private const string Prepare =
        "mount --make-rprivate / && mount --bind \"$(dirname \"$1\")\" /mnt && agent=/mnt/$(basename \"$1\") && shift && mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/group\" /etc/group"
        + " && mount -t tmpfs -o size=64m none /tmp && mount -t tmpfs none /home && mkdir -m 755 /home/user && chown 1000:1000 /home/user && exec \"$agent\" \"$@\"";

    private readonly string _folder = Directory.CreateTempSubdirectory("atoll-files").FullName;

    internal NativeAgent Agent { get; private set; } = null!;

    internal AgentSession Session { get; private set; } = null!;

    internal ISandboxFiles Files => Session.Files;

    internal static async Task<FilesAgent> StartAsync(AgentFile file)
    {
        var agent = new FilesAgent();
        File.WriteAllText(Path.Combine(agent._folder, "passwd"), "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n");
        File.WriteAllText(Path.Combine(agent._folder, "group"), "root:x:0:\nuser:x:1000:\n");
        agent.Agent = await NativeAgent.StartAsync(file, "unshare", "--mount", "sh", "-c", Prepare, agent._folder);
        agent.Session = await agent.Agent.ConnectAsync();
        return agent;
    }

    /// <summary>Runs a shell command as root where the agent is.</summary>
    /// <returns>What it wrote.</returns>
    internal async Task<string> RunAsync(string command)
    {
        Transcript said = await Transcript.RunAsync(Session, command);
        Assert.True(said.Exit.Code == 0, $"{command}: {said.Error}");
        return said.Output;
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
