using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class LifecycleCommandTests : CliRun
{
    private const string Other = "sbx-01kax7c0c1d2e3f4g5h6j7k8ma";

    [Theory]
    [InlineData("pause", "paused", new string[0], "{\"is_async\":false}")]
    [InlineData("pause", "pausing", new[] { "--async" }, "{\"is_async\":true}")]
    [InlineData("resume", "running", new string[0], "{}")]
    [InlineData("resume", "resuming", new[] { "--async" }, "{\"is_async\":true}")]
    public async Task Pause_and_resume_tell_of_each_sandbox_what_became_of_it_and_fail_when_one_failed(
        string verb, string status, string[] flags, string body)
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/{verb}", 200, Sandbox(status: status));
        Server.OnError($"POST /v1/sandboxes/{Other}/{verb}", 409, "wrong_state", $"sandbox '{Other}' is {status}");

        Assert.Equal(1, await RunAsync(["sandbox", verb, Id, Other, "sbx-none", Id, .. flags]));

        Assert.Equal($"{Id}: {status}\n", Output);
        Assert.Equal(
            $"Error: sandbox '{Other}' is {status}\nError: sbx-none: no such thing. See 'atoll sandbox list'.\n", Error);
        Assert.Equal(3, Server.Requests.Count);
        Assert.All(Server.Requests, request => Assert.Equal(body, request.Body));

        Assert.Equal(0, await RunAsync(["sandbox", verb, Id, .. flags]));
        Assert.Equal(($"{Id}: {status}\n", ""), (Output, Error));
    }

    [Fact]
    public async Task What_became_of_several_sandboxes_can_be_had_as_json()
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/pause", 200, Sandbox(status: "paused"));

        Assert.Equal(1, await RunAsync("sandbox", "pause", Id, "sbx-none", "-o", "json-compact"));

        JsonNode expected = JsonNode.Parse(
            $$"""[{"sandbox_id":"{{Id}}","status":"paused"},{"sandbox_id":"sbx-none","status":"error","error":"sbx-none: no such thing. See 'atoll sandbox list'."}]""")!;
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(Output)), Output);
    }

    [Fact]
    public async Task One_sandbox_is_ended_by_its_own_route()
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/terminate", 202, $$"""{"sandbox_id":"{{Id}}","status":"termination_in_progress"}""");
        Server.OnData($"DELETE /v1/sandboxes/{Id}", 202, $$"""{"sandbox_id":"{{Id}}","status":"deletion_in_progress"}""");

        Assert.Equal(0, await RunAsync("sandbox", "terminate", Id, Id, "--force"));
        Assert.Equal($"{Id}: termination_in_progress\n", Output);
        Assert.Equal(0, await RunAsync("sandbox", "rm", Id));
        Assert.Equal($"{Id}: deletion_in_progress\n", Output);
        Assert.Equal([$"/v1/sandboxes/{Id}/terminate?force=true", $"/v1/sandboxes/{Id}"], Server.Requests.Select(request => request.Target));
    }

    [Theory]
    [InlineData("terminate", "{\"force\":true}")]
    [InlineData("delete", "{}")]
    public async Task Several_sandboxes_are_ended_by_batches_of_a_hundred(string verb, string flags)
    {
        string[] ids = [.. Enumerable.Range(0, 101).Select(i => $"sbx-{i}")];
        Server.On($"POST /v1/sandboxes/batch-{verb}", http =>
        {
            JsonArray named = Server.Requests[^1].ToJson()["sandbox_ids"]!.AsArray();
            IEnumerable<string> results = named.Select(id => (string)id! == "sbx-7"
                ? """{"sandbox_id":"sbx-7","status":"error","error":"not found"}"""
                : $$"""{"sandbox_id":"{{id}}","status":"in_progress"}""");
            return WireServer.JsonAsync(
                http, 202, $$"""{"success":true,"data":{"total":{{named.Count}},"successful":0,"failed":0,"results":[{{string.Join(',', results)}}] } }""");
        });

        Assert.Equal(1, await RunAsync(["sandbox", verb, .. ids, .. flags.Contains("force") ? new[] { "--force" } : []]));

        Assert.Equal([.. ids.Where(id => id != "sbx-7").Select(id => $"{id}: in_progress")], Output.TrimEnd().Split('\n'));
        Assert.Equal("Error: sbx-7: not found\n", Error);
        Assert.Equal([100, 1], Server.Requests.Select(request => request.ToJson()["sandbox_ids"]!.AsArray().Count));
        Assert.All(Server.Requests, request => Assert.Equal(flags.Contains("force"), request.ToJson()["force"] is not null));
    }

    [Fact]
    public async Task A_key_that_is_refused_is_told_once_however_many_sandboxes_were_named()
    {
        Server.OnError($"POST /v1/sandboxes/{Id}/pause", 401, "unauthorized", "invalid key");
        Server.OnError($"POST /v1/sandboxes/{Other}/pause", 401, "unauthorized", "invalid key");

        Assert.Equal(1, await RunAsync("sandbox", "pause", Id, Other));

        Assert.Equal("Error: invalid key. Run 'atoll auth login' or correct SCALEBOX_API_KEY.\n", Error);
    }

    [Fact]
    public async Task Fork_of_one_copy_looks_as_a_create_does()
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/fork", 201, $$"""{"sandboxes":[{{Sandbox(Other)}}]}""");

        Assert.Equal(0, await RunAsync("sandbox", "fork", Id, "--name", "try", "--timeout", "2h", "--metadata", "k=v"));

        Assert.Contains($"Sandbox ID: {Other}\n", Output);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"count":1,"name":"try","timeout":7200,"metadata":{"k":"v"}}"""), Server.Requests.Single().ToJson()));
    }

    [Fact]
    public async Task Fork_lists_its_copies_and_fails_when_one_did_not_start()
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/fork", 201, $$"""{"sandboxes":[{{Sandbox("sbx-1")}},{{Sandbox("sbx-2", status: "failed")}}]}""");

        Assert.Equal(1, await RunAsync("sandbox", "fork", Id, "--count", "2"));
        Assert.Contains("sbx-1", Output);
        Assert.Equal("Error: sandbox sbx-2 failed to start: no room\n", Error);

        await RunAsync("sandbox", "fork", Id, "--count", "2", "-o", "json");
        Assert.Equal(2, JsonNode.Parse(Output)!["sandboxes"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_snapshot_is_taken_listed_shown_and_deleted_by_its_name()
    {
        const string snapshot = """
            {"snapshot_id":"snp-1","name":"ready","sandbox_id":"sbx-9","template_id":"tpl-1","template_name":"base","size_bytes":1048576,
             "cpu_count":2,"created_at":"2026-04-17T12:34:56Z"}
            """;
        Server.OnData($"POST /v1/sandboxes/{Id}/snapshots", 201, snapshot);
        Server.OnData("GET /v1/snapshots", 200, $$"""{"snapshots":[{{snapshot}}],"pagination":{"page":1,"limit":20,"total":1,"total_pages":1} }""");
        Server.OnData("GET /v1/snapshots/snp-1", 200, snapshot);
        Server.OnData("DELETE /v1/snapshots/snp-1", 200, """{"snapshot_id":"snp-1"}""");

        Assert.Equal(0, await RunAsync("sandbox", "snapshot", Id, "--name", "ready"));
        Assert.Contains("Snapshot ID: snp-1\nName: ready\nSandbox: sbx-9\nTemplate: base\nSize: 1.0 MiB\n", Output);
        Assert.Equal("""{"name":"ready"}""", Server.Requests[0].Body);

        Assert.Equal(0, await RunAsync("snapshot", "list", "--sandbox", "sbx-9"));
        Assert.Contains("snp-1        ready  sbx-9    base      1.0 MiB", Output);
        Assert.Equal("/v1/snapshots?page=1&limit=20&sandbox_id=sbx-9", Server.Requests[1].Target);

        Assert.Equal(0, await RunAsync("snapshot", "get", "ready", "-o", "json"));
        Assert.Equal(2, (int)JsonNode.Parse(Output)!["cpu_count"]!);

        Assert.Equal(1, await RunAsync("snapshot", "delete", "ready", "snp-1", "none"));
        Assert.Equal("ready: deleted\nsnp-1: deleted\n", Output);
        Assert.Equal("Error: there is no snapshot 'none': see 'atoll snapshot list'\n", Error);
    }

    [Theory]
    [InlineData(new string[0], "{}")]
    [InlineData(new[] { "--timeout", "10m" }, "{\"timeout\":600}")]
    public async Task Connect_resumes_and_shows_the_sandbox(string[] flags, string body)
    {
        Server.OnData($"POST /v1/sandboxes/{Id}/connect", 200, Sandbox());

        Assert.Equal(0, await RunAsync(["sandbox", "connect", Id, .. flags]));

        Assert.Contains($"Sandbox ID: {Id}", Output);
        Assert.Equal(body, Assert.Single(Server.Requests).Body);
    }

    [Fact]
    public async Task A_relay_that_there_is_not_is_told()
    {
        Server.OnError($"GET /v1/sandboxes/{Id}/webrtc-turn-credential", 501, "not_implemented", "there is no relay");

        Assert.Equal(1, await RunAsync("sandbox", "webrtc-credential", Id));

        Assert.Equal("Error: there is no relay\n", Error);
    }

    [Fact]
    public async Task Help_ends_with_examples()
    {
        Assert.Equal(0, await RunAsync("sandbox", "pause", "--help"));

        Assert.Contains("Usage:", Output);
        Assert.Contains("Examples:\n  atoll sandbox pause sbx-... sbx-...\n", Output);
    }

    [Theory]
    [InlineData("--idle-timeout", "soon")]
    [InlineData("--idle-timeout", "0")]
    [InlineData("--idle-timeout", "-5m")]
    public async Task A_span_that_is_none_is_wrong_usage(string flag, string value)
    {
        Assert.Equal(2, await RunAsync("sandbox", "create", flag + "=" + value));

        Assert.StartsWith("Error: --idle-timeout wants a span of time such as 90s", Error);
    }
}
