using System.Collections.Concurrent;
using Atoll.Api.Edge.Proxy;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge.RawTcp;

/// <summary>
/// Leads connections whose protocol nobody here knows to programs in sandboxes, by the name that the client asks for in TLS
/// (contracts/scalebox.md 3.1): here, where nothing else names a target, the name decides.
/// </summary>
public sealed class RawTcpEdge
{
    /// <summary>Connections to one sandbox at a time; half of what its agent could tunnel.</summary>
    public const int MaxPerSandbox = 256;

    /// <summary>After this long without a byte either way a connection is closed.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    /// <summary>How long a program may take to accept a connection.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<SandboxId, int> _open = new();
    private readonly SandboxHosts _hosts;
    private readonly ISandboxAgents _agents;
    private readonly ProgramAccess _access;
    private readonly TimeProvider _time;

    internal RawTcpEdge(SandboxHosts hosts, ISandboxAgents agents, ProgramAccess access, TimeProvider time) =>
        (_hosts, _agents, _access, _time) = (hosts, agents, access, time);

    /// <summary>Reads <c>{port}-{id}.{domain}</c>.</summary>
    /// <returns>Null when it names no program of a sandbox that is there, or the sandbox's traffic is not public: nothing here carries its token.</returns>
    public async ValueTask<RawTcpTarget?> FindAsync(string serverName, CancellationToken cancellation)
    {
        try
        {
            if (_hosts.Read(serverName) is not { Id: { } id, Port: { } port } || new SandboxTarget(id, port, TargetSource.HostName).IsDataPlane)
            {
                return null;
            }

            return new RawTcpTarget(id, ProgramAccess.ServicePortOf(await _access.FindAsync(id, trafficToken: "", cancellation), port));
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.InvalidArgument or FaultCode.NotFound or FaultCode.Forbidden)
        {
            return null;
        }
    }

    /// <summary>Connects to the program and moves bytes until both sides have ended, the sandbox has, or nothing went through for <see cref="Idle"/>.</summary>
    /// <returns>True when the program ended the connection; false when it could not be reached, or the connection was cut.</returns>
    public async Task<bool> ServeAsync(RawTcpTarget target, Stream client, CancellationToken cancellation)
    {
        if (!TryEnter(target.Id))
        {
            return false;
        }

        try
        {
            using IDisposable use = _agents.Use(target.Id);
            await using SandboxConnection? program = await ConnectAsync(target, cancellation);
            return program is not null && await Splice.RunAsync(
                client, program, program.CompleteWritesAsync, new SpliceLimits(Idle, Idle), _time, cancellation);
        }
        finally
        {
            Leave(target.Id);
        }
    }

    /// <returns>Null when the sandbox does not run, or nothing listens.</returns>
    private async Task<SandboxConnection?> ConnectAsync(RawTcpTarget target, CancellationToken cancellation)
    {
        try
        {
            // Bounded by itself, and longer than a program may take: the sandbox may have to be brought back first.
            IAgent agent = await _agents.AgentAsync(target.Id, cancellation);
            using var late = new CancellationTokenSource(ConnectTime, _time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            return await agent.ConnectAsync(target.ServicePort, limit.Token);
        }
        catch (Exception e) when (e is FaultException or OperationCanceledException)
        {
            return null;
        }
    }

    private bool TryEnter(SandboxId id)
    {
        if (_open.AddOrUpdate(id, 1, (_, count) => count + 1) <= MaxPerSandbox)
        {
            return true;
        }

        Leave(id);
        return false;
    }

    private void Leave(SandboxId id)
    {
        if (_open.AddOrUpdate(id, 0, (_, count) => count - 1) == 0)
        {
            _open.TryRemove(KeyValuePair.Create(id, 0));
        }
    }
}
