using System.Security.Cryptography;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>What an agent and its host do when their sandbox is written to an image, and when it is another's from then on.</summary>
[Collection(AgentTests.Name)]
public sealed class AgentImageTests(AgentFile file) : IAsyncLifetime
{
    private NativeAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await NativeAgent.StartAsync(file);

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task Who_follows_a_process_over_a_suspension_misses_nothing_and_calls_are_answered_after_it()
    {
        AgentSession session = await _agent.ConnectAsync();
        ProcessInfo process = await session.StartAsync(Transcript.Shell("i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); sleep 0.005; done"), default);
        Task<Transcript> following = Transcript.ReadAsync(session, process.Pid);

        for (int round = 0; round < 3; round++)
        {
            await session.SuspendAsync(default);
            await session.SuspendAsync(default);
            Task<IReadOnlyList<ProcessInfo>> asked = session.ListAsync(default);
            Assert.False(asked.IsCompleted);
            session.Resume();
            Assert.Single(await asked);
        }

        Transcript all = await following;
        Assert.Equal(string.Concat(Enumerable.Range(0, 200).Select(i => $"{i}\n")), all.Output);
        Assert.Equal(0, all.Dropped);
    }

    [Fact]
    public async Task A_call_that_waits_for_the_end_of_a_suspension_ends_with_the_session()
    {
        AgentSession session = await _agent.ConnectAsync();
        await session.SuspendAsync(default);
        Task<IReadOnlyList<ProcessInfo>> asked = session.ListAsync(default);

        await session.DisposeAsync();

        Assert.Equal(FaultCode.AgentUnavailable, (await Assert.ThrowsAsync<FaultException>(() => asked)).Fault.Code);
    }

    [Fact]
    public async Task A_new_secret_closes_other_connections_and_the_old_one_opens_nothing()
    {
        AgentSession session = await _agent.ConnectAsync();
        AgentSession other = await _agent.ConnectAsync();
        ProcessInfo sleeper = await session.StartAsync(Transcript.Shell("sleep 600"), default);
        var secret = new AgentSecret(RandomNumberGenerator.GetBytes(AgentSecret.Size));

        await session.RekeyAsync(secret, default);

        Assert.Equal(sleeper.Pid, Assert.Single(await session.ListAsync(default)).Pid);
        Assert.Equal(FaultCode.AgentUnavailable, (await Assert.ThrowsAsync<FaultException>(() => other.ListAsync(default))).Fault.Code);
        await Assert.ThrowsAsync<FaultException>(() => _agent.ConnectAsync());
        Assert.Single(await (await _agent.ConnectAsync(secret)).ListAsync(default));
        await session.SuspendAsync(default);
        session.Resume();
        Assert.Single(await session.ListAsync(default));
    }
}
