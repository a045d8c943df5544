using System.Net.Sockets;
using System.Security.Cryptography;
using Atoll.Domain;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Host.Agents;

[Collection(AgentTests.Name)]
public sealed class AgentConnectionTests(AgentFile file) : IAsyncLifetime
{
    private NativeAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await NativeAgent.StartAsync(file);

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task Another_secret_is_refused_at_once()
    {
        var wrong = new AgentSecret(RandomNumberGenerator.GetBytes(AgentSecret.Size));
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _agent.ConnectAsync(wrong));
        Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
    }

    [Fact]
    public async Task An_agent_that_cannot_prove_itself_is_refused()
    {
        byte[] impostor = [.. _agent.Secret.HostProof, .. new byte[AgentSecret.ProofSize]];
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _agent.ConnectAsync(new AgentSecret(impostor)));
        Assert.Contains("does not know the sandbox's secret", e.Fault.Message);
    }

    [Fact]
    public async Task The_secret_is_nowhere_to_be_seen()
    {
        await _agent.ConnectAsync();
        Assert.Equal("/dev/null", File.ResolveLinkTarget($"/proc/{_agent.Pid}/fd/0", false)!.FullName);
        foreach (string place in (string[])["cmdline", "environ"])
        {
            byte[] bytes = File.ReadAllBytes($"/proc/{_agent.Pid}/{place}");
            Assert.Equal(-1, bytes.AsSpan().IndexOf(_agent.Secret.HostProof));
        }
    }

    [Fact]
    public async Task A_dialler_that_says_nothing_is_dropped_after_five_seconds()
    {
        await using NetworkStream stream = await _agent.RawAsync();
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 4.5, 10);
    }

    [Fact]
    public async Task A_crowd_of_strangers_does_not_keep_the_host_out()
    {
        List<NetworkStream> crowd = [];
        for (int i = 0; i < 50; i++)
        {
            crowd.Add(await _agent.RawAsync());
        }

        AgentSession session = await _agent.ConnectAsync();
        Assert.Equal("hi\n", (await Transcript.RunAsync(session, "echo hi")).Output);
        Assert.Equal(0, await crowd[0].ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Garbage_before_and_after_the_hello_ends_that_connection_only()
    {
        AgentSession session = await _agent.ConnectAsync();
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            await using NetworkStream stream = await _agent.RawAsync();
            if (seed % 2 == 0)
            {
                var writer = new MessageWriter();
                new Hello(_agent.Secret.HostProof.ToArray(), 1).Write(writer, 1);
                await stream.WriteAsync(writer.Written);
            }

            byte[] garbage = new byte[random.Next(1, 3000)];
            random.NextBytes(garbage);
            if (seed % 3 == 0 && garbage.Length > 9)
            {
                // A frame that looks right, of any message but those that would start or end something here.
                BitConverter.TryWriteBytes(garbage, garbage.Length - 4);
                garbage[4] = (byte)(seed % 30 is 8 or 16 or 24 ? 18 : seed % 30);
            }

            await stream.WriteAsync(garbage);
            stream.Socket.Shutdown(SocketShutdown.Send);
            await DrainAsync(stream).WaitAsync(TimeSpan.FromSeconds(10));
        }

        Assert.Equal("hi\n", (await Transcript.RunAsync(session, "echo hi")).Output);
        Assert.InRange(_agent.ResidentKilobytes(), 0, 16 * 1024);
    }

    [Fact]
    public async Task A_host_that_asks_and_never_reads_does_not_make_the_agent_grow()
    {
        AgentSession session = await _agent.ConnectAsync();
        await session.StartAsync(Transcript.Shell("sleep 100") with { Arguments = ["sleep", "100", .. Enumerable.Repeat("0", 4000)] }, default);
        await using NetworkStream stream = await _agent.RawAsync();
        var writer = new MessageWriter();
        new Hello(_agent.Secret.HostProof.ToArray(), 1).Write(writer, 1);
        for (uint i = 2; i < 20_000; i++)
        {
            new List(0).Write(writer, i);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await stream.WriteAsync(writer.Written, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The agent has stopped reading, as it should.
        }

        Assert.Single(await session.ListAsync(default));
        Assert.InRange(_agent.ResidentKilobytes(), 0, 16 * 1024);
    }

    [Fact]
    public async Task An_idle_agent_is_small()
    {
        AgentSession session = await _agent.ConnectAsync();
        await Transcript.RunAsync(session, "echo hi");
        Assert.InRange(_agent.ResidentKilobytes(), 0, 6 * 1024);
    }

    [Fact]
    public async Task A_dead_agent_is_unavailable_to_calls_and_to_readers()
    {
        AgentSession session = await _agent.ConnectAsync();
        var started = await session.StartAsync(Transcript.Shell("sleep 100"), default);
        try
        {
            Task<Transcript> reading = Transcript.ReadAsync(session, started.Pid);
            Assert.Single(await session.ListAsync(default));
            Signals.Send(_agent.Pid, Signals.SIGKILL);

            FaultException e = await Assert.ThrowsAsync<FaultException>(() => reading);
            Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
            e = await Assert.ThrowsAsync<FaultException>(() => session.ListAsync(default));
            Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
        }
        finally
        {
            // Without its agent nobody else would end it.
            Signals.Send(-started.Pid, Signals.SIGKILL);
        }
    }

    private static async Task DrainAsync(NetworkStream stream)
    {
        try
        {
            byte[] buffer = new byte[65536];
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is as good an end as any.
        }
    }
}
