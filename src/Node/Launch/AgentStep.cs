using System.Net;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Agents;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Protocol;
using Atoll.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Launch;

/// <summary>Connects to the agent that has come up, and gives the sandbox its name, environment, clock and entropy,
/// and starts what its template says.</summary>
internal sealed class AgentStep(
    NetworkSlots slots, string resolverConfiguration, IAgentSecrets secrets, Func<LaunchRecord, Task<string>> endOf, TimeProvider time,
    ILogger<AgentSession> log) : ILaunchStep
{
    /// <summary>How long a new sandbox may take until its agent answers.</summary>
    private static readonly TimeSpan LaunchTime = TimeSpan.FromSeconds(30);

    public string Name => "agent";

    public SandboxPhase Phase => SandboxPhase.WaitingReady;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        LaunchRequest request = context.Request;
        SandboxId source = context.Image?.Manifest.Source ?? request.Id;
        RunningSandbox running = await ConnectAsync(context.Record, source, LaunchTime, cancellation);
        context.Running = running;
        var session = (AgentSession)running.Agent;
        if (source != request.Id)
        {
            await session.RekeyAsync(new AgentSecret(secrets.For(request.Id).Span), cancellation);
        }

        await session.ConfigureAsync(ConfigurationOf(request), cancellation);
        if (request.Start.Count > 0 && context.Image is null)
        {
            var start = new ProcessSpec { Arguments = request.Start, Tag = ProcessSpec.StartTag, WorkingDirectory = "/" };
            await session.StartAsync(start, cancellation);
        }
    }

    /// <summary>The connection belongs to <see cref="LaunchContext.Running"/>, which is released before steps are undone.</summary>
    public Task UndoAsync(JournaledRecord record) => Task.CompletedTask;

    /// <summary>Connects to the agent of a sandbox that is up.</summary>
    /// <param name="limit">How long that may take.</param>
    public Task<RunningSandbox> ConnectAsync(LaunchRecord record, TimeSpan limit, CancellationToken cancellation) =>
        ConnectAsync(record, record.Id, limit, cancellation);

    private async Task<RunningSandbox> ConnectAsync(LaunchRecord record, SandboxId secretOf, TimeSpan limit, CancellationToken cancellation)
    {
        var address = new IPEndPoint(slots.At(record.NetworkSlot!.Value, record.AllowInternetAccess).GuestAddress, ProtocolLimits.DefaultPort);
        AgentSession session = await AgentSession.ConnectAsync(
            AgentDial.Tcp(address), new AgentSecret(secrets.For(secretOf).Span), limit, time, log, cancellation,
            address.Address);
        return new RunningSandbox(session, endOf(record), session.DisposeAsync);
    }

    private AgentConfiguration ConfigurationOf(LaunchRequest request) => new()
    {
        Hostname = request.Hostname,
        Environment = request.Environment,
        Clock = time.GetUtcNow(),
        Entropy = RandomNumberGenerator.GetBytes(64),
        Files =
        [
            BootFile("/etc/hostname", request.Hostname + "\n"),
            BootFile("/etc/hosts", $"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {request.Hostname}\n"),
            BootFile("/etc/resolv.conf", resolverConfiguration),
        ],
    };

    private static BootFile BootFile(string path, string text)
    {
        const uint ownerWritesAllRead = 0x1A4; // 0644
        return new BootFile(path, ownerWritesAllRead, Encoding.UTF8.GetBytes(text));
    }
}
