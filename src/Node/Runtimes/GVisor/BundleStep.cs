using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Writes what runsc is told about the sandbox, in the sandbox's own directory.</summary>
internal sealed class BundleStep(
    SandboxPaths paths, NetworkSlots slots, SandboxCgroups cgroups, AgentBinaries agents, Func<TemplateId, string> rootfsOf) : ILaunchStep
{
    public string Name => "bundle";

    public SandboxPhase Phase => SandboxPhase.Deploying;

    public Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        SandboxId id = context.Request.Id;
        string agent = context.Image?.Manifest.Agent ?? agents.Current;
        context.Remember(record => record with { Agent = agent });
        RuntimeSpec spec = SandboxSpec.For(
            rootfsOf(context.Request.Template),
            agents.PathOf(agent),
            context.Request.Hostname,
            slots.At(context.Record.NetworkSlot!.Value, context.Request.AllowInternetAccess).NetnsPath,
            cgroups.PathFor(id),
            context.Request.Resources.MemoryMb);
        Directory.CreateDirectory(paths.BundleOf(id));
        Directory.CreateDirectory(paths.RunscRootOf(id));
        File.WriteAllBytes(
            Path.Combine(paths.BundleOf(id), "config.json"),
            JsonSerializer.SerializeToUtf8Bytes(spec, RuntimeSpecJson.Default.RuntimeSpec));
        return Task.CompletedTask;
    }

    public Task UndoAsync(JournaledRecord record)
    {
        // The disk step made its part of the directory before, and removes the directory after this.
        foreach (string directory in (string[])[paths.BundleOf(record.Id), paths.RunscRootOf(record.Id)])
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        if (File.Exists(paths.LogOf(record.Id)))
        {
            File.Delete(paths.LogOf(record.Id));
        }

        return Task.CompletedTask;
    }
}
