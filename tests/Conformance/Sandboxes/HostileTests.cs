using System.Net;
using System.Net.Sockets;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Sandboxes;

/// <summary>Sandboxes that break, fill up, run wild or try to get out: the rest of the machine does not notice.</summary>
[Collection(SharedServer.Name)]
public sealed class HostileTests(ServerFixture server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RealMachineOwnServerFact]
    public async Task A_sandbox_whose_runtime_is_killed_is_failed_with_the_reason()
    {
        await using Box box = await server.Api.CreateAsync();
        AtollServer.Kill(Assert.Single(server.Own.RuntimesOf(box.Id)));

        Reply failed = await server.Api.UntilAsync(box.Id, Patience, "failed");

        Assert.Contains("runtime process ended", failed.String("reason"));
        (await server.Api.PostAsync($"{box.Path}/exec", """{"command":"true"}""")).IsError(409, "wrong_state");
    }

    /// <summary>Root in the sandbox may end its own PID 1, and with it its own sandbox, and nothing else.</summary>
    [RealMachineOwnServerFact]
    public async Task A_sandbox_that_kills_its_agent_is_failed_with_the_reason()
    {
        await using Box other = await server.Api.CreateAsync();
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync("kill -9 1");

        Reply failed = await server.Api.UntilAsync(box.Id, Patience, "failed");

        Assert.Contains("agent ended", failed.String("reason"));
        Assert.Equal("well\n", (await other.ExecAsync("echo well")).Output);
    }

    [RealMachineFact]
    public async Task A_full_disk_is_an_error_inside_and_the_sandbox_lives_on()
    {
        await using Box box = await server.Api.CreateAsync("""{"storage_gb":1,"timeout":600}""");

        ExecOutcome filled = await box.ExecAsync("dd if=/dev/zero of=/fill bs=1M count=2048 2>&1 | tail -n 4; stat -c %s /fill");
        Assert.Contains("No space left on device", filled.Output);
        Assert.InRange(long.Parse(filled.Output.Trim().Split('\n')[^1]), 700_000_000, 1L << 30);

        Assert.Equal("room\n", (await box.ExecAsync("rm /fill && echo room > /file && cat /file")).Output);
    }

    [RealMachineFact]
    public async Task A_program_that_wants_more_memory_than_there_is_is_killed_and_the_sandbox_lives_on()
    {
        await using Box box = await server.Api.CreateAsync("""{"memory_mb":512}""");
        for (int time = 0; time < 3; time++)
        {
            ExecOutcome hog = await box.ExecAsync("python3 -c 'x = bytearray(1200 << 20); print(len(x))'");
            Assert.NotEqual(0, hog.ExitCode);
            Assert.Equal("", hog.Output);
        }

        Assert.Equal("well\n", (await box.ExecAsync("echo well")).Output);
    }

    [RealMachineFact]
    public async Task A_fork_bomb_stays_in_its_sandbox_and_can_be_deleted()
    {
        await using Box box = await server.Api.CreateAsync();
        await using Box other = await server.Api.CreateAsync();
        await box.StartAsync("bomb() { bomb | bomb & }; bomb; sleep 60");

        Assert.Equal("well\n", (await other.ExecAsync("sleep 3; echo well")).Output);

        await server.Api.SendAsync(HttpMethod.Delete, $"{box.Path}?force=true");
        await server.Api.UntilGoneAsync(box.Id, Patience);
    }

    /// <summary>What is reachable from inside: not the host, not another sandbox, not its agent, not the metadata service.</summary>
    [RealMachineFact]
    public async Task A_sandbox_reaches_neither_the_host_nor_another_sandbox()
    {
        using var host = new TcpListener(IPAddress.Any, 0);
        host.Start();
        int port = ((IPEndPoint)host.LocalEndpoint).Port;
        await using Box box = await server.Api.CreateAsync();
        await using Box neighbour = await server.Api.CreateAsync();
        const string Address = "ip -4 -o addr show eth0 | awk '{print $4}' | cut -d / -f 1";
        string there = (await neighbour.ExecAsync(Address)).Output.Trim();
        string gateway = (await box.ExecAsync("ip route | awk '/default/ {print $3}'")).Output.Trim();
        Assert.True(IPAddress.TryParse(there, out _), $"'{there}' is no address");
        Assert.True(IPAddress.TryParse(gateway, out _), $"'{gateway}' is no address");

        foreach ((string target, int at) in new[] { (there, 1023), (gateway, port), ("169.254.169.254", 80) })
        {
            ExecOutcome tried = await box.ExecAsync($"timeout 3 bash -c 'exec 3<>/dev/tcp/{target}/{at}' 2>/dev/null && echo reached || echo closed");
            Assert.Equal("closed\n", tried.Output);
        }

        Assert.False(host.Pending(), "a sandbox has connected to the host");
    }

    [RealMachineOwnServerFact]
    public async Task A_reader_that_stops_reading_costs_the_server_no_memory_and_is_told_what_it_missed()
    {
        const long Size = 100_000_000;
        await using Box box = await server.Api.CreateAsync("""{"timeout":600}""");
        await box.StartAsync($"head -c {Size} /dev/zero");
        using ExecStream stream = await box.FollowAsync();
        await stream.UntilAsync("start");
        long before = server.Own.Memory();

        // Nothing is read until the command has ended, which it must in spite of that.
        while ((await server.Api.GetAsync($"{box.Path}/exec/active")).Json.GetProperty("active").GetBoolean())
        {
            await Task.Delay(200).WaitAsync(Patience);
        }

        Assert.InRange(server.Own.Memory() - before, long.MinValue, 64L << 20);
        List<ExecEvent> events = await stream.RestAsync();
        long kept = events.Where(e => e.Name == "stdout").Sum(e => (long)e.ToBytes().Length);
        long dropped = events.Where(e => e.Name == "dropped").Sum(e => e.Data.GetProperty("bytes").GetInt64());
        Assert.Equal(Size, kept + dropped);
        Assert.True(dropped > 0, "nothing was dropped, so the reader was not slow");
        Assert.Equal("end", events[^1].Name);
    }
}
