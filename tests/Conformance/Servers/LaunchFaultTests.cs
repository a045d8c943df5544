using Xunit;

namespace Atoll.Conformance.Servers;

/// <summary>The server dies, or a step fails, at every point of a launch: nothing leaks, nothing hangs, and the record says what happened.</summary>
public sealed class LaunchFaultTests
{
    private static readonly Dictionary<string, string> s_phaseOf = new()
    {
        ["network"] = "Allocating", ["disk"] = "Allocating", ["cgroup"] = "Allocating",
        ["bundle"] = "Deploying", ["runtime"] = "Deploying", ["agent"] = "WaitingReady",
    };

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static IEnumerable<string> Points => s_phaseOf.Keys.SelectMany(step => (string[])[$"before:{step}", $"after:{step}"]);

    [RealMachineOwnServerFact]
    public async Task A_server_that_is_killed_at_any_launch_step_leaves_a_failed_record_and_nothing_else()
    {
        await using var server = new AtollServer();
        await server.StartAsync();
        string key = server.Key;
        await server.KillAsync();
        foreach (string point in Points)
        {
            await server.StartAsync($"kill@{point}");
            using (var dying = new ApiClient(server.Url, key))
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => dying.PostAsync("/v1/sandboxes", "{}"));
                await server.EndAsync();
            }

            await server.StartAsync();
            using var api = new ApiClient(server.Url, key);
            Reply list = await api.GetAsync("/v1/sandboxes");
            string id = Assert.Single(list.Data.GetProperty("sandboxes").EnumerateArray()).GetProperty("sandbox_id").GetString()!;
            Reply failed = await api.UntilAsync(id, s_patience, "failed");
            Assert.Contains("server stopped while it was starting", failed.String("reason"));
            (await api.PostAsync($"/v1/sandboxes/{id}/exec", """{"command":"true"}""")).IsError(409, "wrong_state");
            await AssertNothingLeftAsync(server, point);
            await api.DeleteAllAsync();
            Assert.Equal(0, await server.StopAsync());
        }
    }

    [RealMachineOwnServerFact]
    public async Task A_launch_step_that_fails_is_undone_and_the_sandbox_is_failed_with_the_reason()
    {
        await using var server = new AtollServer();
        await server.StartAsync();
        string key = server.Key;
        await server.KillAsync();
        foreach (string point in Points)
        {
            await server.StartAsync($"throw@{point}");
            using var api = new ApiClient(server.Url, key);
            Reply created = await api.PostAsync("/v1/sandboxes", """{"is_async":true}""");
            Reply failed = await api.UntilAsync(created.String("sandbox_id"), s_patience, "failed");
            Assert.Equal(
                $"the node could not start it (phase {s_phaseOf[point.Split(':')[1]]}); the operator's log has the details", failed.String("reason"));
            Assert.Contains($"fault injected at {point}", server.Log());
            await AssertNothingLeftAsync(server, point);
            await api.DeleteAllAsync();
            Assert.Equal(0, await server.StopAsync());
        }
    }

    private static async Task AssertNothingLeftAsync(AtollServer server, string point)
    {
        IReadOnlyList<string> left = await server.Leftovers.SettleAsync(s_patience);
        Assert.True(left.Count == 0, $"{point} leaves:\n{string.Join('\n', left)}\n{server.Log()}");
    }
}
