using System.Net;
using Atoll.Domain;
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

/// <summary>Connects to the agent that has come up, and gives the sandbox its name, environment, clock and entropy.</summary>
internal sealed partial class AgentStep(
    NetworkSlots slots, SandboxIdentity identity, IAgentSecrets secrets, Func<LaunchRecord, Task<string>> endOf, TimeProvider time,
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

        await ConfigureAsync(session, context, cancellation);
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

    private async Task ConfigureAsync(AgentSession session, LaunchContext context, CancellationToken cancellation)
    {
        bool isNew = context.Image?.Manifest.Source != context.Request.Id;
        AgentConfiguration settings = identity.Settings(context.Request, isNew);
        IReadOnlyList<BootFile> files = identity.Files(context.Request, isNew);
        if (context.Image is null)
        {
            await session.ConfigureAsync(settings with { Files = files }, cancellation);
            return;
        }

        // Its programs may have put anything there: that is no reason to lose all of their work.
        await session.ConfigureAsync(settings, cancellation);
        foreach (BootFile file in files)
        {
            try
            {
                await session.ConfigureAsync(new AgentConfiguration { Environment = settings.Environment, Files = [file] }, cancellation);
            }
            catch (FaultException e) when (e.Fault.Code != FaultCode.AgentUnavailable)
            {
                LogNotWritten(log, e, context.Request.Id, file.Path);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: {Path} of the restored sandbox could not be written")]
    private static partial void LogNotWritten(ILogger log, Exception e, SandboxId sandbox, string path);
}
