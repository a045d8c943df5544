using System.Text.Json;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Cli;

/// <summary>The built program pauses, resumes, forks and snapshots sandboxes, as a person would.</summary>
[Collection(SharedServer.Name)]
public sealed class CliLifecycleTests(ServerFixture fixture) : IDisposable
{
    private readonly AtollCli _cli = new()
    {
        Environment =
        {
            ["SCALEBOX_SERVER_URL"] = fixture.Api.Http.BaseAddress!.ToString().TrimEnd('/'),
            ["SCALEBOX_API_KEY"] = fixture.Api.Key,
        },
    };

    public void Dispose() => _cli.Dispose();

    [RealMachineFact]
    public async Task A_paused_sandbox_comes_back_with_its_processes()
    {
        await using Box box = await fixture.Api.CreateAsync();
        string pid = await InAsync(box.Id, "setsid sleep 1000 > /dev/null 2>&1 & echo $!");

        Assert.Equal($"{box.Id}: paused\n", await SucceedAsync("sandbox", "pause", box.Id));
        Assert.Contains(box.Id, await SucceedAsync("sandbox", "list", "--status", "paused"));
        Assert.Contains("Status: running\n", await SucceedAsync("sandbox", "connect", box.Id, "--timeout", "10m"));
        Assert.Equal("sleep\n", await InAsync(box.Id, $"cat /proc/{pid.Trim()}/comm"));

        await SucceedAsync("sandbox", "pause", box.Id);
        Assert.Equal($"{box.Id}: running\n", await SucceedAsync("sandbox", "resume", box.Id));
        string events = await SucceedAsync("events", "--sandbox", box.Id, "--since", "0", "--type", "sandbox.paused,sandbox.resumed");
        Assert.Equal(4, events.TrimEnd().Split('\n').Length);
    }

    [RealMachineFact]
    public async Task Forks_and_sandboxes_of_a_snapshot_have_what_the_original_had()
    {
        await using Box box = await fixture.Api.CreateAsync();
        await InAsync(box.Id, "echo kept > /srv/file");
        string name = $"cli-{Guid.NewGuid():n}"[..20];

        string forked = await SucceedAsync("sandbox", "fork", box.Id, "--count", "2", "-o", "json");
        foreach (JsonElement fork in JsonDocument.Parse(forked).RootElement.GetProperty("sandboxes").EnumerateArray())
        {
            await using var copy = new Box(fixture.Api, fork.GetProperty("sandbox_id").GetString()!, new Reply(201, "{}"));
            Assert.Equal("kept\n", await InAsync(copy.Id, "cat /srv/file"));
        }

        Assert.StartsWith("Snapshot ID: snp-", await SucceedAsync("sandbox", "snapshot", box.Id, "--name", name));
        string made = await SucceedAsync("sandbox", "create", "--template", name, "--no-terminal");
        await using (var copy = new Box(fixture.Api, made.Split('\n')[0].Split(' ')[2], new Reply(201, "{}")))
        {
            Assert.Equal("kept\n", await InAsync(copy.Id, "cat /srv/file"));
        }

        Assert.Equal($"{name}: deleted\n", await SucceedAsync("snapshot", "delete", name));
    }

    [RealMachineFact]
    public async Task What_a_sandbox_uses_is_drawn()
    {
        await using Box box = await fixture.Api.CreateAsync();

        string drawn = await SucceedAsync("sandbox", "metrics", box.Id);

        Assert.StartsWith($"{box.Id}  running  ", drawn);
        Assert.DoesNotContain('\e', drawn);
    }

    private Task<string> InAsync(string id, string command) => SucceedAsync("sandbox", "exec", id, command);

    private async Task<string> SucceedAsync(params string[] command)
    {
        CliOutcome outcome = await _cli.RunAsync(command);
        Assert.True(outcome.Code == 0, $"{string.Join(' ', command)}: {outcome}");
        return outcome.Output;
    }
}
