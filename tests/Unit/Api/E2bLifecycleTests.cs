using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>How the E2B dialect asks for pauses, resumes, forks and snapshots, and how it tells of them.</summary>
public sealed class E2bLifecycleTests(ApiHost api) : IClassFixture<ApiHost>
{
    private static readonly string Unknown = SandboxId.New(DateTimeOffset.UnixEpoch).Value;

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"memory":true}""")]
    public async Task A_pause_is_204_and_a_second_one_409_in_status_and_body(string? body)
    {
        string id = await CreateAsync();
        Reply paused = await api.PostAsync($"/sandboxes/{id}/pause", body);
        Assert.Equal((204, ""), (paused.Status, paused.Text));
        IsError(await api.PostAsync($"/sandboxes/{id}/pause", body), 409, "");
    }

    [Theory]
    [InlineData("pause", """{"memory":false}""", 501, "memory")]
    [InlineData("connect", """{"timeout":60,"memory":false}""", 501, "memory")]
    [InlineData("resume", """{"memory":false}""", 501, "memory")]
    [InlineData("resume", """{"autoPause":true}""", 501, "autoPause")]
    [InlineData("pause", """{"memory":"no"}""", 400, "memory")]
    [InlineData("connect", """{}""", 400, "timeout")]
    [InlineData("fork", """{"count":0}""", 400, "count")]
    [InlineData("fork", """{"count":101}""", 400, "count")]
    [InlineData("snapshots", """{"name":"NOT GOOD"}""", 400, "")]
    public async Task What_cannot_be_done_says_why(string verb, string body, int status, string named) =>
        IsError(await api.PostAsync($"/sandboxes/{await CreateAsync()}/{verb}", body), status, named);

    [Theory]
    [InlineData("pause", null)]
    [InlineData("resume", null)]
    [InlineData("connect", """{"timeout":60}""")]
    [InlineData("fork", null)]
    [InlineData("snapshots", null)]
    public async Task What_is_not_there_or_somebody_elses_is_404_in_status_and_body(string verb, string? body)
    {
        IsError(await api.PostAsync($"/sandboxes/{Unknown}/{verb}", body), 404, Unknown);
        IsError(await api.SendAsync(HttpMethod.Post, $"/sandboxes/{await CreateAsync()}/{verb}", body, ApiHost.OtherKey), 404, "");
    }

    [Fact]
    public async Task A_resume_is_201_for_fifteen_seconds_unless_told_otherwise_and_409_for_one_that_runs()
    {
        string id = await CreateAsync();
        IsError(await api.PostAsync($"/sandboxes/{id}/resume"), 409, "");
        await api.PostAsync($"/sandboxes/{id}/pause");
        Reply resumed = await api.PostAsync($"/sandboxes/{id}/resume", """{"autoPause":false}""");
        Assert.Equal((201, id), (resumed.Status, Text(resumed.Json, "sandboxID")));
        Assert.Equal(TimeSpan.FromSeconds(15), api.Ports.Sandboxes.ResumeTimeout);
        await api.PostAsync($"/sandboxes/{id}/pause");
        await api.PostAsync($"/sandboxes/{id}/resume", """{"timeout":77}""");
        Assert.Equal(TimeSpan.FromSeconds(77), api.Ports.Sandboxes.ResumeTimeout);
    }

    [Fact]
    public async Task A_fork_answers_a_sandbox_or_an_error_for_each_copy()
    {
        string id = await CreateAsync();
        Reply forked = await api.PostAsync($"/sandboxes/{id}/fork", """{"count":2,"timeout":90}""");
        Assert.Equal(201, forked.Status);
        Assert.Equal((2, TimeSpan.FromSeconds(90)), (api.Ports.Sandboxes.Fork!.Count, api.Ports.Sandboxes.Fork.Timeout));
        Assert.All(forked.Json.EnumerateArray(), one =>
        {
            Assert.Matches("^[a-z0-9]{26}$", Text(one.GetProperty("sandbox"), "sandboxID"));
            Assert.False(one.TryGetProperty("error", out _));
        });
        Assert.Equal(TimeSpan.FromSeconds(15), (await ForkedAsync(id)).Timeout);
    }

    [Fact]
    public async Task A_copy_that_did_not_start_is_an_error_among_the_others()
    {
        string id = await CreateAsync();
        api.Ports.Sandboxes.Shape = copy => copy with { State = SandboxState.Failed, Reason = "no room" };
        JsonElement[] copies = [.. (await api.PostAsync($"/sandboxes/{id}/fork", """{"count":1}""")).Json.EnumerateArray()];
        JsonElement error = Assert.Single(copies).GetProperty("error");
        Assert.Equal(500, error.GetProperty("code").GetInt32());
        Assert.Contains("no room", Text(error, "message"));
    }

    [Fact]
    public async Task One_that_is_paused_is_not_forked()
    {
        string id = await CreateAsync();
        await api.PostAsync($"/sandboxes/{id}/pause");
        IsError(await api.PostAsync($"/sandboxes/{id}/fork"), 409, "paused");
    }

    [Fact]
    public async Task Snapshots_are_taken_listed_by_pages_and_removed_as_templates_are()
    {
        string id = await CreateAsync();
        string name = $"n{Guid.NewGuid():N}";
        Reply taken = await api.PostAsync($"/sandboxes/{id}/snapshots", new { name });
        Assert.Equal(201, taken.Status);
        Assert.Matches("^[a-z0-9]{26}:default$", Text(taken.Json, "snapshotID"));
        Assert.Equal([$"{name}:default"], taken.Json.GetProperty("names").EnumerateArray().Select(one => one.GetString()));
        Reply unnamed = await api.PostAsync($"/sandboxes/{id}/snapshots");
        Assert.Empty(unnamed.Json.GetProperty("names").EnumerateArray());

        Reply first = await api.GetAsync($"/snapshots?sandboxID={id}&limit=1");
        Assert.Equal(Text(unnamed.Json, "snapshotID"), Text(Assert.Single(first.Json.EnumerateArray()), "snapshotID"));
        string next = Assert.Single(first.Message.Headers.GetValues("X-Next-Token"));
        Reply second = await api.GetAsync($"/snapshots?sandboxID={id}&limit=1&nextToken={next}");
        Assert.Equal(Text(taken.Json, "snapshotID"), Text(Assert.Single(second.Json.EnumerateArray()), "snapshotID"));
        Assert.False(second.Message.Headers.Contains("X-Next-Token"));
        Assert.Single((await api.GetAsync($"/snapshots?name={name}:default")).Json.EnumerateArray());
        IsError(await api.GetAsync("/snapshots?nextToken=x"), 400, "nextToken");
        IsError(await api.GetAsync("/snapshots?sandboxID=x"), 400, "sandboxID");
        IsError(await api.GetAsync("/snapshots?limit=0"), 400, "limit");

        string escaped = Uri.EscapeDataString(Text(taken.Json, "snapshotID"));
        IsError(await api.SendAsync(HttpMethod.Delete, $"/templates/{escaped}", key: ApiHost.OtherKey), 404, "");
        Assert.Equal(204, (await api.SendAsync(HttpMethod.Delete, $"/templates/{escaped}")).Status);
        IsError(await api.SendAsync(HttpMethod.Delete, $"/templates/{escaped}"), 404, "");
        IsError(await api.SendAsync(HttpMethod.Delete, "/templates/never-there"), 404, "never-there");
    }

    [Fact]
    public async Task A_create_names_a_snapshot_by_id_or_by_name_with_a_tag_or_without()
    {
        string id = await CreateAsync();
        string name = $"n{Guid.NewGuid():N}";
        string snapshot = Text((await api.PostAsync($"/sandboxes/{id}/snapshots", new { name })).Json, "snapshotID");
        foreach (string reference in new[] { snapshot, snapshot[..26], name, $"{name}:default", $"team/{name}" })
        {
            Assert.Equal(201, (await api.PostAsync("/v2/sandboxes", new { templateID = reference })).Status);
            Assert.Equal(snapshot[..26], api.Ports.Sandboxes.Asked!.Template);
        }

        IsError(await api.PostAsync("/v2/sandboxes", new { templateID = $"{name}:other" }), 404, name);
        IsError(await api.SendAsync(HttpMethod.Post, "/v2/sandboxes", new { templateID = snapshot }, ApiHost.OtherKey), 404, snapshot);
    }

    [Fact]
    public async Task What_a_sandbox_does_at_its_timeout_is_asked_for_and_told()
    {
        Reply made = await api.PostAsync("/v2/sandboxes", """{"templateID":"base","autoPause":true,"autoResume":{"enabled":true},"autoPauseMemory":true}""");
        Assert.Equal(201, made.Status);
        Assert.Equal((true, true), (api.Ports.Sandboxes.Asked!.AutoPause, api.Ports.Sandboxes.Asked.AutoResume));
        string id = await CreateAsync(sandbox => sandbox with { AutoPause = true, AutoResume = true });
        JsonElement lifecycle = (await api.GetAsync($"/sandboxes/{id}")).Json.GetProperty("lifecycle");
        Assert.Equal(("pause", true), (Text(lifecycle, "onTimeout"), lifecycle.GetProperty("autoResume").GetBoolean()));
    }

    private async Task<ForkSandbox> ForkedAsync(string id)
    {
        Assert.Equal(201, (await api.PostAsync($"/sandboxes/{id}/fork")).Status);
        return api.Ports.Sandboxes.Fork!;
    }

    private async Task<string> CreateAsync(Func<Sandbox, Sandbox>? shape = null)
    {
        api.Ports.Sandboxes.Shape = shape ?? (same => same);
        Reply made = await api.PostAsync("/v1/sandboxes", new { });
        Assert.Equal(201, made.Status);
        return Text(made.Data, "sandbox_id")["sbx-".Length..];
    }

    private static void IsError(Reply reply, int status, string named)
    {
        Assert.True(reply.Status == status, $"{reply.Status} instead of {status}: {reply.Text}");
        Assert.Equal(status, reply.Json.GetProperty("code").GetInt32());
        Assert.Contains(named, Text(reply.Json, "message"), StringComparison.Ordinal);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
