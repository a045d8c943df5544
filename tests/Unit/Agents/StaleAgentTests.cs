using System.Net;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Atoll.Unit.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Agents;

/// <summary>The agent of a sandbox that was paused or ended: the address that it knows is somebody else's by now.</summary>
public sealed class StaleAgentTests : IDisposable
{
    private static readonly AgentSecret Secret = new(Enumerable.Range(0, AgentSecret.Size).Select(i => (byte)i).ToArray());

    private readonly TcpListener _other = new(IPAddress.Loopback, 0);

    public StaleAgentTests() => _other.Start();

    public void Dispose() => _other.Dispose();

    [Fact]
    public async Task It_connects_to_no_program_any_more()
    {
        AgentSession session = await ConnectAsync();
        await session.DisposeAsync();

        FaultException e = await Assert.ThrowsAsync<FaultException>(() => session.ConnectAsync(Port, default));

        Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
        Assert.False(_other.Pending());
    }

    [Fact]
    public async Task What_it_had_connected_is_cut()
    {
        AgentSession session = await ConnectAsync();
        await using Stream connection = await session.ConnectAsync(Port, default);
        using Socket program = await _other.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(30));

        await session.DisposeAsync();

        Assert.Equal(0, await program.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAnyAsync<Exception>(() => connection.WriteAsync(new byte[1]).AsTask());
    }

    private int Port => ((IPEndPoint)_other.LocalEndpoint).Port;

    private static async Task<AgentSession> ConnectAsync()
    {
        var transport = new ScriptedTransport(Secret);
        return await AgentSession.ConnectAsync(
            _ => ValueTask.FromResult<Stream>(transport), Secret, TimeSpan.FromSeconds(30), new FakeTime(), NullLogger.Instance, default, IPAddress.Loopback);
    }
}
