using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Finds out whether runsc really works here, by launching a sandbox through the very steps that users' sandboxes go
/// through: network, disk, cgroup and agent included. Its root file system is empty but for the agent.
/// </summary>
internal sealed class GVisorProbe(Runsc runsc, SandboxPaths paths, LaunchJournal journal, TimeProvider time, ILoggerFactory logs)
{
    /// <summary>Stands for the probe's empty root file system.</summary>
    public static readonly TemplateId Template = new("probe");

    /// <summary>What runsc says of the host's own network namespace, and old builds on new kernels say of every one.</summary>
    private const string RootNamespaceError = "cannot run with network enabled in root network namespace";

    public const int StorageGb = 1;

    private static readonly SandboxResources s_resources = new(CpuCount: 1, MemoryMb: 128, StorageGb);

    public string RootfsPath => Path.Combine(paths.Root, "probe-rootfs");

    public async Task<RuntimeProbe> RunAsync(IReadOnlyList<ILaunchStep> steps, CancellationToken cancellation)
    {
        if (runsc.FindProgram() is not { } program)
        {
            return new RuntimeProbe(
                "runsc (gVisor) is not installed",
                "run ./run once as root, which installs it, or put a runsc on PATH (https://gvisor.dev/docs/user_guide/install/)",
                "not found on PATH");
        }

        string detail = $"{program}, {await runsc.VersionAsync(cancellation)}";
        string? problem = await TryAsync(steps, cancellation);
        if (problem is not null && problem.Contains(RootNamespaceError, StringComparison.Ordinal))
        {
            runsc.CoverSysNet = true;
            problem = await TryAsync(steps, cancellation);
        }

        return problem is null
            ? new RuntimeProbe(null, null, $"{detail}, started a sandbox with networking" + (runsc.CoverSysNet ? " (with /proc/sys/net covered)" : ""))
            : new RuntimeProbe(
                $"a probe sandbox did not start: {problem}",
                "see the other checks; a newer runsc from gVisor's own repository helps when the kernel is newer than this build",
                detail);
    }

    /// <summary>Launches and removes one sandbox; answers what went wrong, or null.</summary>
    private async Task<string?> TryAsync(IReadOnlyList<ILaunchStep> steps, CancellationToken cancellation)
    {
        Directory.CreateDirectory(RootfsPath);
        var request = new LaunchRequest(
            SandboxId.New(time.GetUtcNow()), "probe", Template, s_resources, new Dictionary<string, string>(), AllowInternetAccess: false);
        var record = new LaunchRecord(request.Id);
        journal.Save(record);
        var context = new LaunchContext(request, new JournaledRecord(record, journal));
        var plan = new LaunchPlan(steps, LaunchFaults.None, logs.CreateLogger<LaunchPlan>());
        try
        {
            await plan.DoAsync(context, _ => { }, cancellation);
            await context.Running!.Release();
            await plan.UndoAsync(context.Journaled);
            journal.Remove(request.Id);
            return null;
        }
        catch (UndoIncompleteException e)
        {
            return e.Message;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            journal.Remove(request.Id);
            return e.Message;
        }
    }
}
