using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Templates;
using Atoll.Linux;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Node.Runtimes.GVisor;
using Atoll.Node.Runtimes.Simulated;
using Atoll.Node.Templates;
using Atoll.Node.Templates.Roots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Atoll.Node;

/// <summary>Adds this machine as a node: <see cref="INode"/> and <see cref="IBuiltInTemplates"/>.</summary>
public static class NodeServices
{
    private const long Mebibyte = 1024 * 1024;

    /// <exception cref="FaultException">An option is malformed.</exception>
    public static IServiceCollection AddAtollNode(this IServiceCollection services, NodeOptions options)
    {
        options.Validate();
        return services
            .AddSingleton(options)
            .AddSingleton<HostProcesses>()
            .AddSingleton(_ => LaunchFaults.Parse(options.Faults, () => Signals.Send(Environment.ProcessId, Signals.SIGKILL)))
            .AddSingleton(provider => new LaunchJournal(
                Path.Combine(options.DataDirectory, "launches"), provider.GetRequiredService<ILogger<LaunchJournal>>()))
            .AddSingleton(_ => TemplateStore.Open(options.Templates))
            .AddSingleton<IBuiltInTemplates>(provider => provider.GetRequiredService<TemplateStore>())
            .AddSingleton(CreateDriver)
            .AddSingleton<INode>(provider => new SandboxNode(
                provider.GetRequiredService<IRuntimeDriver>(),
                provider.GetRequiredService<LaunchJournal>(),
                provider.GetRequiredService<LaunchFaults>(),
                CapabilitiesOf(provider.GetRequiredService<IRuntimeDriver>().Name, options),
                provider.GetRequiredService<ILoggerFactory>()))
            .AddHostedService<NodeService>()
            .AddRoots(options);
    }

    /// <summary>After the node's own service: that takes the data directory's lock.</summary>
    private static IServiceCollection AddRoots(this IServiceCollection services, NodeOptions options)
    {
        services.AddSingleton(_ => new RootStore(Path.Combine(options.DataDirectory, "roots")));
        if (options.Runtime is SimulatedDriver.RuntimeName)
        {
            return services.AddSingleton<SimulatedRoots>().AddSingleton<ITemplateRoots>(provider => provider.GetRequiredService<SimulatedRoots>());
        }

        return services
            .AddSingleton<Confinement>()
            .AddSingleton<TemplateRoots>()
            .AddSingleton<ITemplateRoots>(provider => provider.GetRequiredService<TemplateRoots>())
            .AddHostedService(provider => provider.GetRequiredService<TemplateRoots>());
    }

    private static string RootfsOf(TemplateId root, TemplateStore builtIn, RootStore roots) =>
        builtIn.Find(root.Value) is null && roots.PathOf(root) is { } path ? path : builtIn.RootfsPath(root);

    private static IRuntimeDriver CreateDriver(IServiceProvider provider)
    {
        NodeOptions options = provider.GetRequiredService<NodeOptions>();
        return options.Runtime switch
        {
            "auto" or "gvisor" => GVisorRuntime.Create(
                options,
                root => RootfsOf(root, provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<RootStore>()),
                provider.GetRequiredService<IAgentSecrets>(),
                provider.GetRequiredService<LaunchJournal>(),
                provider.GetRequiredService<HostProcesses>(),
                TimeProvider.System,
                provider.GetRequiredService<ILoggerFactory>(),
                provider.GetRequiredService<LaunchFaults>()),
            "simulated" => new SimulatedDriver(new SimulatedMachine(TimeProvider.System), new SimulatedOptions()),
            _ => throw new ArgumentException($"--runtime {options.Runtime}: expected auto, gvisor or simulated"),
        };
    }

    /// <summary>What one sandbox may have at the most: the whole machine.</summary>
    private static NodeCapabilities CapabilitiesOf(string runtime, NodeOptions options) => new(
        runtime,
        options.Region,
        Environment.ProcessorCount,
        (int)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Mebibyte),
        (int)Math.Max(1, new DriveInfo(options.DataDirectory).AvailableFreeSpace / (1024 * Mebibyte)));
}
