using System.Net;
using Atoll.Linux;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Host.Network;

/// <summary>
/// Network slots of this test run alone: names, addresses, directory and table follow from the process id, so that a
/// server or another run on the machine is not disturbed. Disposing it removes everything and proves that it is gone.
/// </summary>
public sealed class TestNetwork : IAsyncLifetime
{
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private string _forwardingBefore = "";

    internal static NetworkOptions Options { get; } = new()
    {
        Pool = IPNetwork.Parse($"10.{192 + (Environment.ProcessId % 32)}.{Environment.ProcessId / 32 % 256}.0/24"),
        NamespaceDirectory = $"/run/atoll-test-{Environment.ProcessId}/netns",
        InterfacePrefix = $"z{Environment.ProcessId % 100_000}",
        Table = $"atoll_test_{Environment.ProcessId}",
    };

    internal NetworkSlots Slots { get; } = new(Options);

    internal SandboxFilter Filter { get; } = new(Options);

    internal IReadOnlyList<string> Links() =>
        [.. Directory.EnumerateFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)).Where(name => name.StartsWith(Options.InterfacePrefix, StringComparison.Ordinal))];

    internal IReadOnlyList<string> Namespaces() => [.. Directory.EnumerateFiles(Options.NamespaceDirectory).Select(path => Path.GetFileName(path))];

    public Task InitializeAsync()
    {
        _forwardingBefore = File.ReadAllText(Forwarding);
        Slots.Prepare();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        IReadOnlyList<string> namespaces = Namespaces();
        IReadOnlyList<string> links = Links();
        Filter.Remove();
        foreach (int index in namespaces.Concat(links).Select(name => int.Parse(name[(name.IndexOfAny(['-', 'l', 'x']) + 1)..])).Distinct())
        {
            await Slots.RemoveAsync(index);
        }

        Mounts.Unmount(Options.NamespaceDirectory);
        Directory.Delete(Path.GetDirectoryName(Options.NamespaceDirectory)!, recursive: true);
        File.WriteAllText(Forwarding, _forwardingBefore);

        Assert.Empty(namespaces);
        Assert.Empty(links);
        Assert.Empty(Links());
        Assert.DoesNotContain(MountTable.Read(), mount => mount.Target.StartsWith(Options.NamespaceDirectory, StringComparison.Ordinal));
        Assert.DoesNotContain(Options.Table, Nftables.Run("list tables"));
    }
}

/// <summary>Tests that make slots share one network and run one after the other.</summary>
[CollectionDefinition("network")]
public sealed class NetworkCollection : ICollectionFixture<TestNetwork>;
