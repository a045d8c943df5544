using System.Text;
using Atoll.Domain.Files;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Host.Runtimes;
using Atoll.Node.Launch;
using Atoll.Node.Templates.Roots;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Templates;

/// <summary>A gVisor sandbox of base whose files can be made a root, or whatever it says that its files are.</summary>
public sealed class RootSource(GVisorMachine machine) : IAsyncLifetime
{
    private readonly GVisorContractNode _world = new(machine, LaunchFaults.None);
    private TemplateRoots? _roots;

    internal SandboxId Id { get; } = SandboxId.New(DateTimeOffset.UtcNow);

    internal TemplateRoots Roots => _roots ??= new(
        machine.Roots, new Confinement(machine.Processes), machine.Processes, _world.Node, TimeProvider.System);

    internal IAgent Agent => _world.Node.Agent(Id);

    /// <summary>All that there is where roots are.</summary>
    internal IEnumerable<string> Kept => !Directory.Exists(machine.RootsDirectory) ? []
        : Directory.EnumerateFileSystemEntries(machine.RootsDirectory).Select(path => Path.GetFileName(path));

    internal static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    public Task InitializeAsync() => _world.Node.LaunchAsync(_world.Request(Id) with { Hostname = "source" }, _ => { }, Soon());

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        Assert.Empty(Kept);
    }

    internal Task<string> RunAsync(string command) => Agent.RunAsync(command, Soon());

    /// <summary>Launches another sandbox.</summary>
    internal async Task<IAgent> LaunchAsync(SandboxId id, string hostname, TemplateId template)
    {
        await _world.Node.LaunchAsync(_world.Request(id) with { Hostname = hostname, Template = template }, _ => { }, Soon());
        return _world.Node.Agent(id);
    }

    /// <summary>From now on its tar does what a script of sh says.</summary>
    internal async Task ReplaceTarAsync(string script)
    {
        var tar = new FilePath("/usr/local/bin/tar");
        using var text = new MemoryStream(Encoding.ASCII.GetBytes($"#!/bin/sh\n{script}\n"));
        await Agent.Files.WriteAsync(tar, new FileWriting { Mode = 0x1ED }, text, Soon());
    }

    /// <summary>Makes a root of an archive that it hands out for its files.</summary>
    internal async Task<MadeRoot> CaptureAsync(Stream archive, long limit)
    {
        await Agent.Files.WriteAsync(new FilePath("/root/archive"), new FileWriting(), archive, Soon());
        await ReplaceTarAsync("exec cat /root/archive");
        return await Roots.CaptureAsync(Id, limit, Soon());
    }
}
