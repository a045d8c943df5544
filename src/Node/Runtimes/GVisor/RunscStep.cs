using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Starts runsc on the bundle. Undoing it kills the cgroup, which ends every process of the sandbox.</summary>
internal sealed class RunscStep(Runsc runsc, DiskImages disks, SandboxCgroups cgroups, IAgentSecrets secrets) : ILaunchStep
{
    public string Name => "runtime";

    public SandboxPhase Phase => SandboxPhase.Deploying;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        SandboxId id = context.Request.Id;
        int pid = await runsc.StartAsync(id, disks.MountPathOf(id), secrets.For(id), cancellation);
        long ticks = ProcessStat.TryRead(pid)?.StartTicks ?? throw new IOException("the sandbox ended as soon as it had started");
        context.Remember(record => record with { RuntimePid = pid, RuntimeStartTicks = ticks });
        LetGuestsDieFirst(id);
    }

    public Task UndoAsync(JournaledRecord record) => cgroups.KillAsync(record.Id);

    // The guest's processes are stubs without a command line, forked from those that are there now. When memory runs
    // out, one of them is to go, which is what the guest expects of a kernel, and not the guest's kernel itself.
    private void LetGuestsDieFirst(SandboxId id)
    {
        foreach (int pid in cgroups.Pids(id).Where(IsStub))
        {
            OutOfMemory.SetScore(pid, OutOfMemory.First);
        }
    }

    private static bool IsStub(int pid)
    {
        try
        {
            using FileStream commandLine = File.OpenRead($"/proc/{pid}/cmdline");
            return commandLine.ReadByte() < 0;
        }
        catch (IOException)
        {
            // It has ended.
            return false;
        }
    }
}
