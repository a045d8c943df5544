using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Xunit;

namespace Atoll.Host.Agents;

[Collection(AgentTests.Name)]
public sealed class TunnelTests(AgentFile file) : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private readonly TcpListener _program = new(IPAddress.Loopback, 0);
    private NativeAgent _agent = null!;
    private AgentSession _session = null!;

    private int Port => ((IPEndPoint)_program.LocalEndpoint).Port;

    public async Task InitializeAsync()
    {
        _program.Start();
        _agent = await NativeAgent.StartAsync(file);
        _session = await _agent.ConnectAsync();
    }

    public async Task DisposeAsync()
    {
        _program.Dispose();
        await _agent.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task Bytes_go_both_ways_and_each_way_ends_by_itself()
    {
        await using SandboxConnection tunnel = await _session.ConnectAsync(Port, _limit.Token);
        await using NetworkStream program = await AcceptAsync();
        await tunnel.WriteAsync("question"u8.ToArray(), _limit.Token);
        await tunnel.CompleteWritesAsync(_limit.Token);
        Assert.Equal("question"u8.ToArray(), await ReadAllAsync(program));

        await program.WriteAsync("answer"u8.ToArray(), _limit.Token);
        program.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer"u8.ToArray(), await ReadAllAsync(tunnel));
    }

    [Fact]
    public async Task A_program_may_end_first_and_still_be_written_to()
    {
        await using SandboxConnection tunnel = await _session.ConnectAsync(Port, _limit.Token);
        await using NetworkStream program = await AcceptAsync();
        program.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await tunnel.ReadAsync(new byte[1], _limit.Token));

        await tunnel.WriteAsync("late"u8.ToArray(), _limit.Token);
        await tunnel.CompleteWritesAsync(_limit.Token);
        Assert.Equal("late"u8.ToArray(), await ReadAllAsync(program));
    }

    [Fact]
    public async Task A_program_that_listens_on_IPv6_loopback_only_is_reached()
    {
        using var program = new TcpListener(IPAddress.IPv6Loopback, 0);
        program.Start();
        await using SandboxConnection tunnel = await _session.ConnectAsync(((IPEndPoint)program.LocalEndpoint).Port, _limit.Token);
        await using var accepted = new NetworkStream(await program.AcceptSocketAsync(_limit.Token), ownsSocket: true);
        await accepted.WriteAsync("6"u8.ToArray(), _limit.Token);

        Assert.Equal(1, await tunnel.ReadAsync(new byte[10], _limit.Token));
    }

    [Fact]
    public async Task Where_nothing_listens_and_at_the_agent_itself_nothing_is_found()
    {
        int port = Port;
        _program.Stop();
        foreach (int closed in (int[])[port, _agent.Port, ProtocolLimits.DefaultPort])
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.ConnectAsync(closed, _limit.Token));
            Assert.Equal(FaultCode.NothingListens, e.Fault.Code);
        }

        FaultException outside = await Assert.ThrowsAsync<FaultException>(() => _session.ConnectAsync(0, _limit.Token));
        Assert.Equal(FaultCode.InvalidArgument, outside.Fault.Code);
    }

    [Fact]
    public async Task Bulk_arrives_whole_in_both_directions_at_once()
    {
        const int size = 48 * 1024 * 1024;
        await using SandboxConnection tunnel = await _session.ConnectAsync(Port, _limit.Token);
        await using NetworkStream program = await AcceptAsync();

        async Task SendAsync(Stream to, int seed, Func<ValueTask> end)
        {
            byte[] block = new byte[100_000];
            var random = new Random(seed);
            for (int left = size; left > 0; left -= block.Length)
            {
                random.NextBytes(block);
                await to.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)), _limit.Token);
            }

            await end();
        }

        Task<byte[]> up = HashAsync(program);
        Task<byte[]> down = HashAsync(tunnel);
        await Task.WhenAll(
            SendAsync(tunnel, 1, () => tunnel.CompleteWritesAsync(_limit.Token)),
            SendAsync(program, 2, () =>
            {
                program.Socket.Shutdown(SocketShutdown.Send);
                return ValueTask.CompletedTask;
            }));

        Assert.Equal(Expected(1, size), await up);
        Assert.Equal(Expected(2, size), await down);
    }

    [Fact]
    public async Task Tunnels_that_nobody_reads_hold_up_nobody_else_and_little_memory()
    {
        long before = _agent.ResidentKilobytes();
        List<SandboxConnection> tunnels = [];
        List<NetworkStream> programs = [];
        List<Task> writers = [];
        using var over = new CancellationTokenSource();
        for (int i = 0; i < 20; i++)
        {
            tunnels.Add(await _session.ConnectAsync(Port, _limit.Token));
            programs.Add(await AcceptAsync());
            writers.Add(FloodAsync(tunnels[^1], over.Token));
            writers.Add(FloodAsync(programs[^1], over.Token));
        }

        Transcript echo = await Transcript.RunAsync(_session, "head -c 1000000 /dev/zero | wc -c");
        Assert.Equal("1000000\n", echo.Output);

        // A window and its twin in the pool for each of the twenty, and some room.
        Assert.InRange(_agent.ResidentKilobytes() - before, 0, 20 * 1024);
        await over.CancelAsync();
        await Task.WhenAll(writers);
        tunnels.ForEach(tunnel => tunnel.Dispose());
        programs.ForEach(program => program.Dispose());
    }

    [Fact]
    public async Task A_program_that_resets_is_an_error_of_the_stream()
    {
        await using SandboxConnection tunnel = await _session.ConnectAsync(Port, _limit.Token);
        NetworkStream program = await AcceptAsync();
        program.Socket.LingerState = new LingerOption(true, 0);
        program.Dispose();

        await Assert.ThrowsAnyAsync<IOException>(async () => await tunnel.ReadExactlyAsync(new byte[1], _limit.Token));
    }

    [Fact]
    public async Task A_tunnel_that_is_given_up_closes_the_programs_connection()
    {
        SandboxConnection tunnel = await _session.ConnectAsync(Port, _limit.Token);
        await using NetworkStream program = await AcceptAsync();
        await tunnel.DisposeAsync();

        Assert.Equal(0, await program.ReadAsync(new byte[1], _limit.Token));
    }

    [Fact]
    public async Task A_connection_has_256_tunnels_and_one_more_when_one_has_gone()
    {
        _program.Start(300);
        List<SandboxConnection> tunnels = [];
        for (int i = 0; i < 256; i++)
        {
            tunnels.Add(await _session.ConnectAsync(Port, _limit.Token));
        }

        FaultException e = await Assert.ThrowsAsync<FaultException>(() => _session.ConnectAsync(Port, _limit.Token));
        Assert.Equal(FaultCode.NoCapacity, e.Fault.Code);
        await tunnels[0].DisposeAsync();
        tunnels.Add(await _session.ConnectAsync(Port, _limit.Token));
        tunnels.ForEach(tunnel => tunnel.Dispose());
    }

    private async Task<NetworkStream> AcceptAsync() => new(await _program.AcceptSocketAsync(_limit.Token), ownsSocket: true);

    private static async Task FloodAsync(Stream to, CancellationToken over)
    {
        try
        {
            while (true)
            {
                await to.WriteAsync(new byte[64 * 1024], over);
            }
        }
        catch (OperationCanceledException)
        {
            // It stood still, as it should.
        }
    }

    private async Task<byte[]> ReadAllAsync(Stream from)
    {
        var all = new MemoryStream();
        await from.CopyToAsync(all, _limit.Token);
        return all.ToArray();
    }

    private async Task<byte[]> HashAsync(Stream from)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[64 * 1024];
        while (await from.ReadAsync(block, _limit.Token) is var count and > 0)
        {
            hash.AppendData(block, 0, count);
        }

        return hash.GetHashAndReset();
    }

    private static byte[] Expected(int seed, int size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[100_000];
        var random = new Random(seed);
        for (int left = size; left > 0; left -= block.Length)
        {
            random.NextBytes(block);
            hash.AppendData(block, 0, Math.Min(left, block.Length));
        }

        return hash.GetHashAndReset();
    }
}
