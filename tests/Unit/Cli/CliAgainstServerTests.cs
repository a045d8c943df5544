using System.Text.Json.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Cli;

/// <summary>The CLI against the whole server on simulated sandboxes: what both sides of the wire think of it is the same.</summary>
public sealed class CliAgainstServerTests : CliRun, IClassFixture<SimulatedServer>
{
    private readonly SimulatedServer _server;

    public CliAgainstServerTests(SimulatedServer server) => _server = server;

    [Fact]
    public async Task Sandboxes_are_paused_connected_resumed_and_ended_together()
    {
        string one = await CreateAsync(), other = await CreateAsync();

        await SucceedAsync("sandbox", "pause", one, other);
        Assert.Equal($"{one}: paused\n{other}: paused\n", Output);
        Assert.Equal(1, await RunAsync("sandbox", "pause", one));
        Assert.StartsWith("Error: a sandbox that is paused cannot be paused", Error);

        await SucceedAsync("sandbox", "connect", one);
        Assert.Contains("Status: running\n", Output);
        await SucceedAsync("sandbox", "resume", other);
        Assert.Equal($"{other}: running\n", Output);

        Assert.Equal(1, await RunAsync("sandbox", "terminate", one, other, "sbx-none"));
        Assert.Equal($"{one}: termination_in_progress\n{other}: termination_in_progress\n", Output);
        Assert.Contains("sbx-none", Error);
        await SucceedAsync("sandbox", "delete", one, other);
    }

    [Fact]
    public async Task What_was_used_is_told_in_every_way()
    {
        string id = await CreateAsync();

        await SucceedAsync("usage", "summary", "--sandbox", id, "--window", "7d");
        Assert.Contains("Total sessions: 1\n", Output);
        Assert.Contains("By template:\n", Output);
        await SucceedAsync("usage", "analytics", "--sandbox", id, "--window", "2d");
        Assert.Contains("Group by: day\n", Output);
        await SucceedAsync("usage", "sessions", "--sandbox", id);
        Assert.Contains(id, Output);
        Assert.Contains("SESSION ID", Output);
        await SucceedAsync("usage", "events", "--sandbox", id);
        Assert.Contains("sandbox.started", Output);
        await SucceedAsync("sandbox", "delete", id);
    }

    [Fact]
    public async Task Sandboxes_are_forked_and_made_of_snapshots_by_name()
    {
        string id = await CreateAsync("--name", "parent");

        await SucceedAsync("sandbox", "fork", id, "--count", "2", "--name", "copy", "-o", "json");
        string[] forks = [.. JsonNode.Parse(Output)!["sandboxes"]!.AsArray().Select(fork => (string)fork!["sandbox_id"]!)];
        Assert.Equal(2, forks.Except([id]).Count());
        await SucceedAsync("sandbox", "fork", id);
        Assert.Contains("Status: running\n", Output);

        await SucceedAsync("sandbox", "snapshot", id, "--name", "cli-snap");
        Assert.StartsWith("Snapshot ID: snp-", Output);
        Assert.Equal(1, await RunAsync("sandbox", "snapshot", id, "--name", "cli-snap"));
        await SucceedAsync("snapshot", "list", "--sandbox", id);
        Assert.Contains("cli-snap", Output);
        await CreateAsync("--template", "cli-snap");
        await SucceedAsync("snapshot", "get", "cli-snap");
        await SucceedAsync("snapshot", "delete", "cli-snap");
        Assert.Equal(1, await RunAsync("snapshot", "get", "cli-snap"));
    }

    [Fact]
    public async Task Metrics_are_drawn()
    {
        string id = await CreateAsync();

        await SucceedAsync("sandbox", "metrics", id);
        Assert.StartsWith($"{id}  running  ", Output);

        await SucceedAsync("sandbox", "metrics", id, "-o", "json");
        Assert.Equal(id, (string)JsonNode.Parse(Output)!["sandbox_id"]!);
    }

    [Fact]
    public async Task Projects_are_made_and_sandboxes_moved_between_them_by_name()
    {
        await SucceedAsync("project", "create", "by-cli", "--description", "d");
        string id = await CreateAsync("--project", "by-cli");

        await SucceedAsync("project", "sandboxes", "by-cli");
        Assert.Contains(id, Output);
        await SucceedAsync("project", "evict", "by-cli", id);
        await SucceedAsync("sandbox", "switch-project", id, "by-cli");
        await SucceedAsync("sandbox", "list", "--project", "by-cli");
        Assert.Contains(id, Output);
        Assert.Equal(1, await RunAsync("project", "delete", "by-cli"));
        await SucceedAsync("project", "evict", "by-cli", id);
        await SucceedAsync("project", "update", "by-cli", "--name", "renamed");
        await SucceedAsync("project", "get", "renamed");
        await SucceedAsync("project", "delete", "renamed");
    }

    [Fact]
    public async Task Events_tell_what_the_cli_did()
    {
        string id = await CreateAsync();
        await SucceedAsync("sandbox", "pause", id);

        await SucceedAsync("events", "--sandbox", id, "--since", "0", "-o", "json");
        string[] types = [.. JsonNode.Parse(Output)!["events"]!.AsArray().Select(happened => (string)happened!["type"]!)];
        Assert.Equal("sandbox.created", types[0]);
        Assert.Equal("sandbox.paused", types[^1]);

        await SucceedAsync("events", "--sandbox", id, "--type", "sandbox.paused");
        Assert.Contains("-> paused", Output);
    }

    [Fact]
    public async Task Keys_are_made_disabled_and_deleted_by_name()
    {
        await SucceedAsync("api-key", "create", "cli-key", "-o", "json");
        string secret = (string)JsonNode.Parse(Output)!["api_key"]!;

        await SucceedAsync("api-key", "update", "cli-key", "--description", "d");
        Assert.DoesNotContain(secret, Output);
        await SucceedAsync("api-key", "disable", "cli-key");
        await SucceedAsync("api-key", "list", "--search", "cli-");
        Assert.Contains("no", Output);
        await SucceedAsync("api-key", "enable", "cli-key");
        await SucceedAsync("api-key", "delete", "cli-key");
    }

    [Fact]
    public async Task Templates_are_made_described_shared_and_deleted_by_name()
    {
        Input = "# What it is";
        await SucceedAsync("template", "build", "--base", "base", "--name", "cli-made", "--description", "d", "--ports", """[{"port":8080,"name":"web","protocol":"TCP"}]""");
        Assert.Contains("Name: cli-made\n", Output);

        await SucceedAsync("template", "document", "set", "cli-made", "-f", "-");
        await SucceedAsync("template", "document", "get", "cli-made");
        Assert.Equal("# What it is\n", Output);
        await SucceedAsync("template", "document", "clear", "cli-made");
        await SucceedAsync("template", "dockerfile", "cli-made");
        Assert.Contains("FROM ", Output);
        await SucceedAsync("template", "share", "cli-made");
        await SucceedAsync("template", "unshare", "cli-made");
        await SucceedAsync("template", "update", "cli-made", "--description", "other");
        await SucceedAsync("template", "list", "--search", "cli-made");
        Assert.Contains("cli-made", Output);
        string id = await CreateAsync("--template", "cli-made");
        Assert.Equal(1, await RunAsync("template", "delete", "cli-made"));
        await SucceedAsync("sandbox", "terminate", id);
        await _server.UntilAsync(new RunningBox(SandboxId.Parse(id["sbx-".Length..]), id, ""), "terminated");
        await SucceedAsync("template", "delete", "cli-made");
    }

    [Fact]
    public async Task Notifications_and_the_user_are_shown()
    {
        await SucceedAsync("notification", "list", "-o", "json");
        Assert.NotNull(JsonNode.Parse(Output)!["unread_count"]);
        await SucceedAsync("notification", "read-all");
        await SucceedAsync("notification", "delete", "--all");
        await SucceedAsync("user", "me");
        Assert.Contains("Role: ", Output);
    }

    private async Task<string> CreateAsync(params string[] flags)
    {
        await SucceedAsync(["sandbox", "create", .. flags]);
        return Output.Split('\n').Single(line => line.StartsWith("Sandbox ID:", StringComparison.Ordinal)).Split(' ')[2];
    }

    private async Task SucceedAsync(params string[] command)
    {
        Environment["SCALEBOX_SERVER_URL"] = _server.Address.ToString();
        Environment["SCALEBOX_API_KEY"] = _server.Key;
        int code = await RunAsync(command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {code}: {Error}");
    }
}
