using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Host.Agents;
using Atoll.Linux;
using Atoll.Node;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Node.Runtimes.GVisor;
using Atoll.Node.Templates;
using Atoll.Node.Templates.Roots;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>This machine with a gVisor driver of the tests' own: an instance, addresses and files that no server uses.</summary>
public sealed class GVisorMachine : IAsyncLifetime
{
    private const string Prefix = "athv";
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-test-gvisor").FullName;
    private readonly NodeOptions _options;

    public GVisorMachine() => _options = new NodeOptions
    {
        DataDirectory = _data,
        TemplatesDirectory = TemplatesDirectory(),
        Instance = "atoll-test-gvisor",
        InterfacePrefix = Prefix,
        NetworkPool = IPNetwork.Parse("10.169.0.0/24"),
    };

    internal IAgentSecrets Secrets { get; } = new SecretOfEach();

    /// <summary>Called at the points of a capture, see <see cref="LaunchFaults"/>.</summary>
    internal Action<string>? OnPoint { get; set; }

    internal GVisorDriver Driver { get; private set; } = null!;

    internal HostProcesses Processes { get; private set; } = null!;

    internal LaunchJournal Journal { get; private set; } = null!;

    internal TemplateId Template { get; private set; }

    /// <summary>The roots that templates of sandboxes have.</summary>
    internal RootStore Roots { get; private set; } = null!;

    /// <summary>Where those are.</summary>
    internal string RootsDirectory => Path.Combine(_data, "roots");

    public async Task InitializeAsync()
    {
        TemplateStore templates = TemplateStore.Open(_options.Templates);
        Template = (templates.Find("base")
            ?? throw new DirectoryNotFoundException($"there is no base template in {_options.Templates}: ./test makes it")).Id;
        Processes = new HostProcesses(NullLogger<HostProcesses>.Instance);
        Journal = new LaunchJournal(Path.Combine(_data, "launches"));
        Roots = new RootStore(RootsDirectory);
        Driver = GVisorRuntime.Create(
            _options with { AgentPath = AgentFile.Built() ?? await AgentFile.PublishAsync() }, root => Roots.PathOf(root) ?? templates.RootfsPath(root), Secrets, Journal,
            Processes, TimeProvider.System, NullLoggerFactory.Instance,
            new LaunchFaults(point => OnPoint?.Invoke(point)));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Driver.PrepareAsync(limit.Token);
        RuntimeProbe probe = await Driver.ProbeAsync(limit.Token);
        Assert.True(probe.Usable, $"{probe.Problem} ({probe.Detail})");
    }

    public async Task DisposeAsync()
    {
        IReadOnlyList<string> left = Traces();
        await Driver.RetireAsync();
        Driver.Dispose();
        Directory.Delete(_data, recursive: true);
        Directory.Delete($"/run/{_options.Instance}", recursive: true);
        Assert.Empty(left);
    }

    /// <summary>Where images are kept.</summary>
    internal string Images => _options.Images;

    /// <summary>The address of a sandbox that runs.</summary>
    internal IPAddress AddressOf(SandboxId id) => NetworkSlot.At(_options.Network, Journal.Load(id)!.NetworkSlot!.Value, allowInternet: false).GuestAddress;

    /// <summary>What exists of any sandbox of these tests, by the machine's own account.</summary>
    internal IReadOnlyList<string> Traces() =>
    [
        .. Directory.EnumerateDirectories("/sys/class/net").Select(path => Path.GetFileName(path)!)
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => $"link {name}"),
        .. Directory.EnumerateFileSystemEntries($"/run/{_options.Instance}/netns").Select(path => $"namespace {path}"),
        .. MountTable.Read().Where(mount => mount.Target.StartsWith(_data + "/sandboxes/", StringComparison.Ordinal)).Select(mount => $"mount {mount.Target}"),
        .. Directory.EnumerateDirectories(_data + "/sandboxes").Where(path => SandboxId.TryParse(Path.GetFileName(path), out _)).Select(path => $"directory {path}"),
        .. Directory.EnumerateDirectories("/sys/fs/cgroup", _options.Instance, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .SelectMany(path => Directory.EnumerateDirectories(path)).Select(path => $"cgroup {path}"),
    ];

    private static string TemplatesDirectory([CallerFilePath] string here = "") =>
        Environment.GetEnvironmentVariable("ATOLL_TEST_TEMPLATES") is { Length: > 0 } path
            ? path
            : Path.GetFullPath(Path.Combine(here, "../../../../artifacts/test-data/templates"));

    private sealed class SecretOfEach : IAgentSecrets
    {
        private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

        public ReadOnlyMemory<byte> For(SandboxId id) => HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(id.Value));
    }
}
