using Atoll.Conformance.Processes;
using Xunit;

namespace Atoll.Conformance.Servers;

/// <summary>What a server owes its sandboxes when it dies itself. Each test has a server of its own.</summary>
public sealed class RestartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Killed as by the kernel, then started over the same data: same processes, same run, and exec works again.</summary>
    [RealMachineOwnServerFact]
    public async Task A_running_sandbox_survives_the_servers_death()
    {
        await using var server = new AtollServer();
        await server.StartAsync();
        string key = server.Key;
        using var before = new ApiClient(server.Url, key);
        Box box = await before.CreateAsync("""{"timeout":600}""");
        ExecOutcome started = await box.ExecAsync("sleep 500 > /dev/null 2>&1 < /dev/null & echo $! | tee /tmp/pid; cat /proc/$!/stat | cut -d ' ' -f 22");
        await box.StartAsync("echo begun; sleep 3; echo ended");
        using (ExecStream stream = await box.FollowAsync())
        {
            await stream.UntilAsync("stdout");
        }

        await server.KillAsync();
        await server.StartAsync();
        using var after = new ApiClient(server.Url, key);
        var same = new Box(after, box.Id, box.Created);
        await after.UntilAsync(box.Id, Patience, "running");
        using (ExecStream stream = await same.FollowAsync())
        {
            List<ExecEvent> all = await stream.RestAsync();
            Assert.Equal("begun\nended\n", ExecCalls.Text(all, "stdout"));
            Assert.Equal(0, all[^1].Data.GetProperty("exit_code").GetInt32());
        }

        ExecOutcome still = await same.ExecAsync("cat /tmp/pid; cat /proc/$(cat /tmp/pid)/stat | cut -d ' ' -f 22");
        Assert.Equal(started.Output, still.Output);
        await after.DeleteAllAsync();
        Assert.Empty(await server.Leftovers.SettleAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(await server.Leftovers.FindAllAsync());
    }

    [OwnServerFact]
    public async Task An_orderly_stop_ends_with_0_and_the_records_are_there_afterwards()
    {
        await using var server = new AtollServer();
        await server.StartAsync();
        string key = server.Key;
        Assert.Matches("^sk-[0-9a-f]{40}$", key);
        using var before = new ApiClient(server.Url, key);
        Box box = await before.CreateAsync("""{"name":"kept"}""");
        await before.PostAsync($"{box.Path}/terminate");
        await before.UntilAsync(box.Id, Patience, "terminated");
        Assert.Equal(0, await server.StopAsync());

        await server.StartAsync();
        using var after = new ApiClient(server.Url, key);
        Assert.Equal("terminated", (await after.GetAsync(box.Path)).String("status"));
        Assert.DoesNotContain(key, server.Log());
        await after.DeleteAllAsync();
        Assert.Equal(0, await server.StopAsync());
    }
}

/// <summary>Both <see cref="OwnServerFactAttribute"/> and <see cref="RealMachineFactAttribute"/>.</summary>
public sealed class RealMachineOwnServerFactAttribute : FactAttribute
{
    public RealMachineOwnServerFactAttribute() =>
        Skip = new OwnServerFactAttribute().Skip ?? new RealMachineFactAttribute().Skip;
}
