using System.Diagnostics;
using System.Text.Json;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Sandboxes;

[Collection(SharedServer.Name)]
public sealed class SandboxTests(ServerFixture server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_created_sandbox_holds_every_field_of_the_contract()
    {
        await using Box box = await server.Api.CreateAsync("""
            {"name":"conf-fields","description":"d","template":"base","timeout":120,"storage_gb":1,
             "metadata":{"a_b":"1","camelCase":"2"},"env_vars":{"X":"y"},"secure":false,
             "custom_ports":[{"port":8080,"name":"web","protocol":"tcp"}]}
            """);
        JsonElement data = box.Created.Data;
        Assert.Matches("^sbx-[0-9a-hjkmnp-tv-z]{26}$", box.Id);
        Assert.Equal("running", data.GetProperty("status").GetString());
        Assert.Equal("", data.GetProperty("reason").GetString());
        Assert.StartsWith("conf-fields", data.GetProperty("name").GetString());
        Assert.Equal(("base", 120, 1), (data.GetProperty("template_name").GetString(), data.GetProperty("timeout").GetInt32(), data.GetProperty("storage_gb").GetInt32()));
        Assert.StartsWith("tpl-", data.GetProperty("template_id").GetString());
        Assert.True(data.GetProperty("cpu_count").GetInt32() >= 1);
        Assert.True(data.GetProperty("memory_mb").GetInt32() >= 128);
        Assert.InRange(data.GetProperty("remaining_seconds").GetInt32(), 60, 120);
        Assert.Equal("""{"a_b":"1","camelCase":"2"}""", data.GetProperty("metadata").GetRawText());
        Assert.Equal("""{"X":"y"}""", data.GetProperty("env_vars").GetRawText());
        Assert.Equal(8080, data.GetProperty("custom_ports")[0].GetProperty("service_port").GetInt32());
        Assert.False(data.GetProperty("secure").GetBoolean());
        Assert.True(data.GetProperty("allow_internet_access").GetBoolean());
        foreach (string key in new[] { "object_storage", "object_storage_single", "network_proxy", "ended_at", "stopped_at", "paused_at" })
        {
            Assert.Equal(JsonValueKind.Null, data.GetProperty(key).ValueKind);
        }

        foreach (string key in new[] { "created_at", "updated_at", "started_at", "timeout_at" })
        {
            Assert.Equal(DateTimeKind.Utc, data.GetProperty(key).GetDateTime().Kind);
        }

        foreach (string key in new[]
        {
            "sandbox_domain", "envd_access_token", "owner_user_id", "project_id", "user_account_id", "userName", "userEmail", "region", "visibility",
        })
        {
            Assert.False(string.IsNullOrEmpty(data.GetProperty(key).GetString()), key);
        }
    }

    [Fact]
    public async Task An_asynchronous_create_answers_before_it_runs_and_runs_later()
    {
        await using Box box = await server.Api.CreateAsync("""{"is_async":true}""");
        Assert.Contains(box.Created.String("status"), new[] { "created", "starting" });
        await server.Api.UntilAsync(box.Id, Patience, "running");
        Assert.Equal("running", (await server.Api.GetAsync($"{box.Path}/status")).String("status"));
    }

    [Theory]
    [InlineData("{\"template\":\"no-such-template\"}", "template")]
    [InlineData("{\"name\":\"a-name-that-is-longer-than-24\"}", "name")]
    [InlineData("{\"cpu_count\":0}", "cpu_count")]
    [InlineData("{\"cpu_count\":100000}", "cpu_count")]
    [InlineData("{\"memory_mb\":1}", "memory_mb")]
    [InlineData("{\"storage_gb\":0}", "storage_gb")]
    [InlineData("{\"storage_gb\":-1}", "storage_gb")]
    [InlineData("{\"timeout\":0}", "timeout")]
    [InlineData("{\"timeout\":86401}", "timeout")]
    [InlineData("{\"timeout\":\"60\"}", "timeout")]
    [InlineData("{\"env_vars\":{\"A=B\":\"c\"}}", null)]
    [InlineData("{\"custom_ports\":[{\"port\":0,\"name\":\"a\"}]}", null)]
    [InlineData("{\"custom_ports\":[{\"port\":1,\"name\":\"a\"},{\"port\":1,\"name\":\"b\"}]}", null)]
    [InlineData("{\"custom_ports\":[{\"port\":1,\"name\":\"a-name-longer-than-15\"}]}", null)]
    [InlineData("{\"metadata\":7}", "metadata")]
    [InlineData("{", null)]
    [InlineData("[]", null)]
    public async Task Bad_input_is_400_and_makes_nothing(string body, string? field)
    {
        // Those of other tests may be on their way out meanwhile.
        string[] before = await IdsAsync("limit=500");
        Reply reply = await server.Api.PostAsync("/v1/sandboxes", body);
        reply.IsError(400, "invalid_argument", field);
        Assert.Empty((await IdsAsync("limit=500")).Except(before));
    }

    [Fact]
    public async Task An_unknown_region_is_400_and_an_empty_one_409_when_forced()
    {
        (await server.Api.PostAsync("/v1/sandboxes", """{"locality":{"region":"mars"}}""")).IsError(400, "invalid_region");
        string here = (await server.Api.GetAsync("/v1/scalebox-regions")).Data.GetProperty("scalebox_regions")[0].GetProperty("id").GetString()!;
        string elsewhere = here == "af-south" ? "us-east" : "af-south";
        (await server.Api.PostAsync("/v1/sandboxes", $"{{\"locality\":{{\"region\":\"{elsewhere}\",\"force\":true}}}}"))
            .IsError(409, "locality_constraint_failed");
    }

    [Fact]
    public async Task Lists_filter_search_sort_and_page()
    {
        string mark = Guid.NewGuid().ToString("n")[..8];
        await using Box a = await server.Api.CreateAsync($$$"""{"name":"{{{mark}}}-a","metadata":{"mark":"{{{mark}}}","n":"x y"}}""");
        await using Box b = await server.Api.CreateAsync($$$"""{"name":"{{{mark}}}-b","metadata":{"mark":"{{{mark}}}"}}""");
        await server.Api.PostAsync($"{b.Path}/terminate");
        await server.Api.UntilAsync(b.Id, Patience, "terminated");

        await ListsAsync([a.Id, b.Id], $"search={mark}&sort_by=name&sort_order=asc");
        await ListsAsync([b.Id, a.Id], $"search={mark}&sort_by=name&sort_order=desc");
        await ListsAsync([a.Id], $"search={mark.ToUpperInvariant()}&status=running");
        await ListsAsync([b.Id], $"search={mark}&status=terminated");
        await ListsAsync([a.Id], $"metadata=mark%3D{mark}%26n%3Dx%252520y");
        await ListsAsync([b.Id], $"search={mark}&sort_by=name&sort_order=asc&page=2&limit=1");
        await ListsAsync([b.Id], $"search={mark}&sort_by=name&sort_order=asc&offset=1&page_size=5");
        JsonElement pages = (await server.Api.GetAsync($"/v1/sandboxes?search={mark}&limit=1")).Data.GetProperty("pagination");
        Assert.Equal((2, 2, 1), (pages.GetProperty("total").GetInt32(), pages.GetProperty("total_pages").GetInt32(), pages.GetProperty("page").GetInt32()));
        await ListsAsync([], $"search={mark}&status=failed");
    }

    [Fact]
    public async Task A_timeout_can_be_set_and_put_only_prolongs()
    {
        await using Box box = await server.Api.CreateAsync("""{"timeout":100}""");
        Reply set = await server.Api.PostAsync($"{box.Path}/timeout", """{"timeout":90}""");
        Assert.Equal((90, "current_phase"), (set.Data.GetProperty("timeout").GetInt32(), set.String("applies_to")));
        Assert.InRange(set.Data.GetProperty("remaining_time").GetInt32(), 50, 90);
        Assert.Equal(200, (await server.Api.SendAsync(HttpMethod.Put, $"{box.Path}/timeout", """{"timeout":110}""")).Status);
        Assert.InRange((await server.Api.SendAsync(HttpMethod.Put, box.Path, """{"timeout":110}""")).Status, 400, 409);
        Reply longer = await server.Api.SendAsync(HttpMethod.Put, box.Path, """{"timeout":500}""");
        Assert.Equal("Sandbox updated successfully", longer.Json.GetProperty("message").GetString());
        Assert.Equal(500, longer.Data.GetProperty("timeout").GetInt32());
        (await server.Api.PostAsync($"{box.Path}/timeout", """{"timeout":"10"}""")).IsError(400, "invalid_argument", "timeout");
    }

    [Fact]
    public async Task A_connect_answers_what_runs_keeps_the_longer_timeout_and_refuses_what_is_over()
    {
        await using Box box = await server.Api.CreateAsync("""{"timeout":100}""");
        Reply same = await server.Api.PostAsync($"{box.Path}/connect");
        Assert.Equal((box.Id, "running", 100), (same.String("sandbox_id"), same.String("status"), same.Data.GetProperty("timeout").GetInt32()));
        Assert.Equal(100, (await server.Api.PostAsync($"{box.Path}/connect", """{"timeout":60}""")).Data.GetProperty("timeout").GetInt32());
        Assert.Equal(500, (await server.Api.PostAsync($"{box.Path}/connect", """{"timeout":500}""")).Data.GetProperty("timeout").GetInt32());
        await server.Api.PostAsync($"{box.Path}/terminate");
        await server.Api.UntilAsync(box.Id, Patience, "terminated");
        (await server.Api.PostAsync($"{box.Path}/connect")).IsError(409, "wrong_state");
    }

    [OwnServerFact]
    public async Task A_timeout_that_runs_out_ends_the_sandbox()
    {
        await using Box box = await server.Api.CreateAsync("""{"timeout":2}""");
        var watch = Stopwatch.StartNew();
        Reply over = await server.Api.UntilAsync(box.Id, Patience, "terminated");
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        Assert.Equal(JsonValueKind.String, over.Data.GetProperty("ended_at").ValueKind);
        Assert.Equal(0, over.Data.GetProperty("remaining_seconds").GetInt32());
    }

    [Fact]
    public async Task Terminate_keeps_the_record_and_delete_removes_it()
    {
        await using Box box = await server.Api.CreateAsync();
        Reply first = await server.Api.PostAsync($"{box.Path}/terminate?force=true");
        Assert.Equal((202, "termination_in_progress"), (first.Status, first.String("status")));
        await server.Api.UntilAsync(box.Id, Patience, "terminated");
        Reply again = await server.Api.PostAsync($"{box.Path}/terminate");
        Assert.Equal((200, "terminated"), (again.Status, again.String("status")));
        (await server.Api.PostAsync($"{box.Path}/timeout", """{"timeout":900}""")).IsError(409, "wrong_state");
        Reply gone = await server.Api.SendAsync(HttpMethod.Delete, $"{box.Path}?force=true");
        Assert.Equal((202, "deletion_in_progress"), (gone.Status, gone.String("status")));
        await server.Api.UntilGoneAsync(box.Id, TimeSpan.FromSeconds(24));
    }

    [OwnServerFact]
    public async Task Another_users_sandbox_does_not_exist()
    {
        await using Box box = await server.Api.CreateAsync();
        string secret = await server.Own.RunAsync("auth", "key", "create", "--user", "stranger", "--name", Guid.NewGuid().ToString("n"));
        using ApiClient stranger = server.Api.As(secret);
        Assert.Equal("stranger", (await stranger.GetAsync("/v1/users/me")).String("username"));
        foreach ((string method, string path, string? body) in new[]
        {
            ("GET", "", null), ("GET", "/status", null), ("PUT", "", """{"timeout":900}"""), ("POST", "/timeout", """{"timeout":900}"""), ("POST", "/connect", null),
            ("POST", "/terminate", null), ("DELETE", "", null), ("POST", "/exec", """{"command":"id"}"""), ("GET", "/exec/active", null),
            ("GET", "/exec/stream", null), ("DELETE", "/exec", null),
        })
        {
            (await stranger.SendAsync(new HttpMethod(method), box.Path + path, body)).IsError(404, "not_found");
        }

        Assert.Equal(0, (await stranger.GetAsync("/v1/sandboxes")).Data.GetProperty("pagination").GetProperty("total").GetInt32());
        Assert.Equal("running", (await server.Api.GetAsync(box.Path)).String("status"));
    }

    private async Task ListsAsync(string[] ids, string query) => Assert.Equal(ids, await IdsAsync(query));

    private async Task<string[]> IdsAsync(string query) =>
    [
        .. (await server.Api.GetAsync($"/v1/sandboxes?{query}")).Data.GetProperty("sandboxes").EnumerateArray()
            .Select(sandbox => sandbox.GetProperty("sandbox_id").GetString()!),
    ];
}
