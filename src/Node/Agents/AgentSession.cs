using System.Net;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Agents;

/// <summary>
/// The host's side of one sandbox's agent: what the agent can do, each group of calls in a class of its own over one
/// <see cref="AgentLink"/>. Every call has a bound, or says what ends it.
/// </summary>
internal sealed class AgentSession : IAgent, IAsyncDisposable
{
    private readonly AgentLink _link;
    private readonly AgentProcesses _processes;
    private readonly AgentPorts _ports;

    private AgentSession(AgentLink link, IPAddress? address) =>
        (_link, _processes, _ports, Files) = (link, new AgentProcesses(link), new AgentPorts(link, address), new AgentFiles(link));

    /// <inheritdoc cref="AgentLink.ConnectAsync"/>
    /// <param name="address">The sandbox's own address, at which its programs are reached; null when there is none.</param>
    public static async Task<AgentSession> ConnectAsync(
        Func<CancellationToken, ValueTask<Stream>> dial, AgentSecret secret, TimeSpan limit, TimeProvider time, ILogger log,
        CancellationToken cancellation, IPAddress? address = null) =>
        new(await AgentLink.ConnectAsync(dial, secret, limit, time, log, cancellation), address);

    /// <summary>Tells the sandbox its name, environment, clock and files.</summary>
    public async Task ConfigureAsync(AgentConfiguration configuration, CancellationToken cancellation)
    {
        var message = new Configure
        {
            Hostname = configuration.Hostname,
            Environment = configuration.Environment,
            WallClockMicroseconds = configuration.Clock is { } now ? (long)(now - DateTimeOffset.UnixEpoch).TotalMicroseconds : 0,
            Entropy = configuration.Entropy,
            Files = configuration.Files,
        };
        await _link.RequestAsync(message.Write, MessageType.Ok, cancellation);
    }

    /// <summary>
    /// Before the sandbox is written to an image: ends every connection to it and makes none until <see cref="Resume"/>. Calls wait
    /// meanwhile, and who follows a process misses nothing.
    /// </summary>
    public async Task SuspendAsync(CancellationToken cancellation)
    {
        await _link.SuspendAsync(cancellation);
        _ports.CloseAll();
    }

    /// <inheritdoc cref="AgentLink.Resume"/>
    public void Resume() => _link.Resume();

    /// <summary>Gives a sandbox that was restored from another's image a secret of its own.</summary>
    public Task RekeyAsync(AgentSecret secret, CancellationToken cancellation) => _link.RekeyAsync(secret, cancellation);

    public Task<ProcessInfo> StartAsync(ProcessSpec spec, CancellationToken cancellation) => _processes.StartAsync(spec, cancellation);

    public IAsyncEnumerable<ProcessEvent> AttachAsync(int pid, long fromSequence, CancellationToken cancellation) =>
        _processes.AttachAsync(pid, fromSequence, cancellation);

    public Task SignalAsync(int pid, int signal, bool wholeGroup, CancellationToken cancellation) =>
        _processes.SignalAsync(pid, signal, wholeGroup, cancellation);

    public Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellation) => _processes.ListAsync(cancellation);

    public Task ForgetAsync(int pid, CancellationToken cancellation) => _processes.ForgetAsync(pid, cancellation);

    public Task WriteInputAsync(int pid, ReadOnlyMemory<byte> data, CancellationToken cancellation) =>
        _processes.WriteInputAsync(pid, data, cancellation);

    public Task CloseInputAsync(int pid, CancellationToken cancellation) => _processes.CloseInputAsync(pid, cancellation);

    public Task ResizeAsync(int pid, TerminalSize size, CancellationToken cancellation) => _processes.ResizeAsync(pid, size, cancellation);

    public ISandboxFiles Files { get; }

    public Task<SandboxConnection> ConnectAsync(int port, CancellationToken cancellation) => _ports.ConnectAsync(port, cancellation);

    public ValueTask DisposeAsync()
    {
        _ports.Dispose();
        return _link.DisposeAsync();
    }
}
