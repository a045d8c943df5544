using System.Net;
using System.Security.Cryptography;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Node.Runtimes.GVisor;
using Microsoft.Extensions.Logging.Abstractions;

namespace Atoll.Node;

/// <summary>
/// Tries out the gVisor driver beside a server that may be running: as another instance, with addresses, links and
/// files of its own, which are all removed afterwards.
/// </summary>
internal static class NodeProbe
{
    private static readonly IPNetwork s_pool = IPNetwork.Parse("10.170.255.240/28");

    public static async Task<RuntimeProbe> RunAsync(string dataDirectory, CancellationToken cancellation)
    {
        var options = new NodeOptions
        {
            DataDirectory = Path.Combine(dataDirectory, "doctor"),
            Instance = "atoll-doctor",
            InterfacePrefix = "atdr",
            NetworkPool = s_pool,
        };
        InstanceLock alone;
        try
        {
            alone = InstanceLock.Take(Path.Combine(options.RunDirectory, "probe"));
        }
        catch (IOException)
        {
            return new RuntimeProbe(
                "another 'atoll doctor' tries out the runtime of this machine right now", "wait until it has ended, then run this one again", "");
        }

        using (alone)
        {
            return await TryAsync(options, cancellation);
        }
    }

    private static async Task<RuntimeProbe> TryAsync(NodeOptions options, CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.DataDirectory);
        NullLoggerFactory logs = NullLoggerFactory.Instance;
        using GVisorDriver driver = GVisorRuntime.Create(
            options, _ => throw new InvalidOperationException("the probe has no templates"), new ThrowawaySecrets(),
            new LaunchJournal(Path.Combine(options.DataDirectory, "launches")), new HostProcesses(NullLogger<HostProcesses>.Instance),
            TimeProvider.System, logs);
        try
        {
            await driver.PrepareAsync(cancellation);
            return await driver.ProbeAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new RuntimeProbe($"this machine could not be prepared: {e.Message}", "mend what the other checks name", "");
        }
        finally
        {
            await driver.RetireAsync();
            Directory.Delete(options.DataDirectory, recursive: true);
        }
    }

    private sealed class ThrowawaySecrets : IAgentSecrets
    {
        private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

        public ReadOnlyMemory<byte> For(SandboxId id) => _secret;
    }
}
