using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>The E2B control plane over the whole server.</summary>
public sealed class E2bSandboxesTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Theory]
    [InlineData("/sandboxes", """{"templateID":"base","secure":true}""", 15, true)]
    [InlineData("/sandboxes", """{"templateID":"base","secure":false,"timeout":7}""", 7, false)]
    [InlineData("/v2/sandboxes", """{"templateID":"base","secure":false}""", 300, true)]
    [InlineData("/v2/sandboxes", """{"templateID":"base","timeout":86400,"autoPause":false,"autoPauseMemory":true,"autoResume":{"enabled":false},"network":{}}""", 86400, true)]
    public async Task Create_answers_what_a_client_needs_and_get_the_rest(string path, string body, int timeout, bool secure)
    {
        Reply made = await SendAsync(HttpMethod.Post, path, body);
        Assert.True(made.Status == 201, made.Text);
        string id = made.Json.GetProperty("sandboxID").GetString()!;
        Assert.Matches("^[a-z0-9]+$", id);
        Assert.Equal(("tpl-0123456789", "base", ""), (Text(made, "templateID"), Text(made, "alias"), Text(made, "clientID")));
        Assert.Matches(@"^\d+\.\d+\.\d+$", Text(made, "envdVersion"));
        Assert.Equal(secure, made.Json.TryGetProperty("envdAccessToken", out JsonElement token));
        Assert.False(made.Json.TryGetProperty("trafficAccessToken", out _));

        Reply detail = await SendAsync(HttpMethod.Get, $"/sandboxes/{id}-legacy");
        Assert.Equal((200, id, "running"), (detail.Status, Text(detail, "sandboxID"), Text(detail, "state")));
        Assert.Equal((2, 512), (detail.Json.GetProperty("cpuCount").GetInt32(), detail.Json.GetProperty("memoryMB").GetInt32()));
        Assert.True(detail.Json.GetProperty("diskSizeMB").GetInt32() >= 1024);
        Assert.Equal(timeout, (End(detail) - detail.Json.GetProperty("startedAt").GetDateTime()).TotalSeconds, 1.0);
        Assert.True(detail.Json.GetProperty("allowInternetAccess").GetBoolean());
        Assert.Equal("kill", detail.Json.GetProperty("lifecycle").GetProperty("onTimeout").GetString());
        Assert.Equal(secure ? token.GetString() : null, secure ? Text(detail, "envdAccessToken") : null);
    }

    [Fact]
    public async Task A_sandbox_kept_from_the_public_has_a_traffic_token_of_its_own()
    {
        Reply made = await SendAsync(
            HttpMethod.Post, "/v2/sandboxes",
            """{"templateID":"base","network":{"allowPublicTraffic":false,"maskRequestHost":"localhost:${PORT}"},"allow_internet_access":false}""");
        string token = Text(made, "trafficAccessToken");
        Assert.NotEqual(Text(made, "envdAccessToken"), token);
        Assert.Equal(64, token.Length);
        JsonElement detail = (await SendAsync(HttpMethod.Get, $"/sandboxes/{Text(made, "sandboxID")}")).Json;
        Assert.False(detail.GetProperty("network").GetProperty("allowPublicTraffic").GetBoolean());
        Assert.Equal("localhost:${PORT}", detail.GetProperty("network").GetProperty("maskRequestHost").GetString());
        Assert.False(detail.GetProperty("allowInternetAccess").GetBoolean());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_contexts_of_a_sandbox_are_open_to_whom_its_ports_are_and_its_code_is_not(bool isPublic)
    {
        Reply made = await SendAsync(HttpMethod.Post, "/v2/sandboxes", JsonSerializer.Serialize(
            new { templateID = "base", network = new { allowPublicTraffic = isPublic } }));
        Task<int> StatusAsync(HttpMethod method, string path, string? header = null, string? token = null) =>
            CodeStatusAsync(Text(made, "sandboxID"), method, path, header, token);

        Assert.Equal(isPublic, await StatusAsync(HttpMethod.Get, "/contexts") != 401);
        Assert.Equal(isPublic, await StatusAsync(HttpMethod.Get, "/contexts", "E2B-Traffic-Access-Token", Text(made, "envdAccessToken")) != 401);
        Assert.NotEqual(401, await StatusAsync(HttpMethod.Get, "/contexts", "X-Access-Token", Text(made, "envdAccessToken")));
        Assert.Equal(401, await StatusAsync(HttpMethod.Post, "/execute"));
        if (!isPublic)
        {
            string token = Text(made, "trafficAccessToken");
            Assert.NotEqual(401, await StatusAsync(HttpMethod.Get, "/contexts", "E2B-Traffic-Access-Token", token));
            Assert.Equal(401, await StatusAsync(HttpMethod.Post, "/execute", "E2B-Traffic-Access-Token", token));
        }
    }

    [Theory]
    [InlineData("""{}""", 400, "templateID")]
    [InlineData("""{"templateID":"BASE"}""", 400, "templateID")]
    [InlineData("""{"templateID":"unknown"}""", 404, "unknown")]
    [InlineData("""{"templateID":"base","timeout":0}""", 400, "timeout")]
    [InlineData("""{"templateID":"base","timeout":86401}""", 400, "timeout")]
    [InlineData("""{"templateID":"base","envVars":{"1":"x"}}""", 400, "envVars")]
    [InlineData("""{"templateID":"base","metadata":{"a":1}}""", 400, "metadata.a")]
    [InlineData("""{"templateID":"base","network":{"maskRequestHost":"a b"}}""", 400, "network.maskRequestHost")]
    [InlineData("""{"templateID":"base","secure":false,"network":{"allowPublicTraffic":false}}""", 400, "secure")]
    [InlineData("""{"templateID":"base","autoPauseMemory":false}""", 400, "autoPauseMemory")]
    [InlineData("""{"templateID":"base","autoPause":true,"autoPauseMemory":false,"autoResume":{"enabled":true}}""", 400, "autoPauseMemory")]
    [InlineData("""{"templateID":"base","autoPause":true,"autoPauseMemory":false}""", 501, "autoPauseMemory")]
    [InlineData("""{"templateID":"base","autoPause":1}""", 400, "autoPause")]
    [InlineData("""{"templateID":"base","autoResume":{}}""", 400, "autoResume.enabled")]
    [InlineData("""{"templateID":"base","network":{"allowOut":["1.1.1.1"]}}""", 501, "network.allowOut")]
    [InlineData("""{"templateID":"base","network":{"denyOut":["0.0.0.0/0"]}}""", 501, "network.denyOut")]
    [InlineData("""{"templateID":"base","network":{"rules":{"a.com":[]}}}""", 501, "network.rules")]
    [InlineData("""{"templateID":"base","network":{"egressProxy":{"address":"a:1"}}}""", 501, "network.egressProxy")]
    [InlineData("""{"templateID":"base","volumeMounts":[{"name":"v","path":"/v"}]}""", 501, "volumeMounts")]
    [InlineData("""{"templateID":"base","mcp":{"a":{}}}""", 501, "mcp")]
    [InlineData("""{"templateID":"base","iam":{"tokens":{}}}""", 501, "iam")]
    public async Task A_create_that_cannot_be_honoured_is_refused_and_says_why(string body, int status, string named) =>
        IsError(await SendAsync(HttpMethod.Post, "/sandboxes", body), status, named);

    [Fact]
    public async Task Nobody_learns_anything_without_a_key()
    {
        foreach ((HttpMethod method, string path) in new[]
        {
            (HttpMethod.Get, "/sandboxes"), (HttpMethod.Post, "/v2/sandboxes"), (HttpMethod.Get, "/sandboxes/none"),
            (HttpMethod.Get, "/v2/sandboxes/none/of/these"), (HttpMethod.Get, "/templates"), (HttpMethod.Patch, "/nodes"),
        })
        {
            IsError(await SendAsync(method, path, key: null), 401, "key");
            IsError(await SendAsync(method, path, key: "e2b_" + new string('0', 40)), 401, "unknown");
        }
    }

    [Fact]
    public async Task A_key_is_known_in_both_spellings()
    {
        foreach (string key in new[] { server.Key, "e2b_" + server.Key["sk-".Length..] })
        {
            Assert.Equal(200, (await SendAsync(HttpMethod.Get, "/v2/sandboxes", key: key)).Status);
        }
    }

    [Fact]
    public async Task Timeouts_count_from_now_and_only_setting_one_may_shorten()
    {
        string id = await CreateAsync(300);
        string box = $"/sandboxes/{id}";
        DateTime first = End(await SendAsync(HttpMethod.Get, box));

        Reply connected = await SendAsync(HttpMethod.Post, $"{box}/connect", """{"timeout":20}""");
        Assert.Equal((200, id), (connected.Status, Text(connected, "sandboxID")));
        Assert.Equal(204, (await SendAsync(HttpMethod.Post, $"{box}/refreshes", """{"duration":30}""")).Status);
        Assert.Equal(204, (await SendAsync(HttpMethod.Post, $"{box}/refreshes")).Status);
        Assert.Equal(first, End(await SendAsync(HttpMethod.Get, box)));

        Assert.Equal(204, (await SendAsync(HttpMethod.Post, $"{box}/timeout", """{"timeout":2}""")).Status);
        DateTime second = End(await SendAsync(HttpMethod.Get, box));
        Assert.InRange((first - second).TotalSeconds, 200, 300);

        // At least 15 s are added, whatever less is asked for.
        Assert.Equal(204, (await SendAsync(HttpMethod.Post, $"{box}/refreshes", """{"duration":0}""")).Status);
        DateTime third = End(await SendAsync(HttpMethod.Get, box));
        Assert.InRange((third - second).TotalSeconds, 10, 30);

        Assert.Equal(200, (await SendAsync(HttpMethod.Post, $"/v2/sandboxes/{id}/connect")).Status);
        Assert.InRange((End(await SendAsync(HttpMethod.Get, box)) - third).TotalSeconds, 250, 300);
        IsError(await SendAsync(HttpMethod.Post, $"{box}/refreshes", """{"duration":3601}"""), 400, "duration");
        IsError(await SendAsync(HttpMethod.Post, $"{box}/timeout", "{}"), 400, "timeout");
        IsError(await SendAsync(HttpMethod.Post, $"{box}/connect", "{}"), 400, "timeout");
    }

    [Fact]
    public async Task What_was_killed_is_gone_for_every_call()
    {
        string id = await CreateAsync(60);
        Reply killed = await SendAsync(HttpMethod.Delete, $"/sandboxes/{id}");
        Assert.Equal((204, ""), (killed.Status, killed.Text));
        foreach (string name in new[] { id, "unknown", new string('0', 26) })
        {
            IsError(await SendAsync(HttpMethod.Delete, $"/sandboxes/{name}"), 404, "not found");
            IsError(await SendAsync(HttpMethod.Get, $"/sandboxes/{name}"), 404, "not found");
            IsError(await SendAsync(HttpMethod.Post, $"/sandboxes/{name}/timeout", """{"timeout":9}"""), 404, "not found");
            IsError(await SendAsync(HttpMethod.Post, $"/v2/sandboxes/{name}/connect", "{}"), 404, "not found");
        }

        Assert.DoesNotContain(id, (await SendAsync(HttpMethod.Get, "/v2/sandboxes")).Text);
    }

    [Fact]
    public async Task A_list_is_paged_filtered_and_counted()
    {
        string[] ids = [await CreateAsync(60, "b c"), await CreateAsync(60, "b c"), await CreateAsync(60, "b c")];
        await CreateAsync(60, "other");
        const string filter = "metadata=paging%3Db%252520c";

        List<string> seen = [];
        string next = "";
        for (int page = 0; page < 3; page++)
        {
            Reply reply = await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&limit=1&order=asc{next}");
            Assert.Equal("3", Assert.Single(reply.Message.Headers.GetValues("X-Total-Running")));
            seen.Add(Assert.Single(Ids(reply)));
            Assert.Equal(page < 2, reply.Message.Headers.TryGetValues("X-Next-Token", out IEnumerable<string>? token));
            next = $"&nextToken={token?.Single()}";
        }

        Assert.Equal(ids, seen);
        Assert.Equal(ids.Reverse(), Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}")));
        Assert.Equal(ids.Reverse(), Ids(await SendAsync(HttpMethod.Get, $"/sandboxes?{filter}")));
        Assert.Equal(ids.Reverse(), Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&state=running,paused&template=base")));
        Assert.Empty(Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&state=paused")));
        Assert.Empty(Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&template=other")));
        Assert.Empty(Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&startedAfter=2999-01-01T00:00:00.000Z")));
        Assert.Equal(3, Ids(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{filter}&startedAfter=2020-01-01T00:00:00.000Z")).Length);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("state=stopped", "state")]
    [InlineData("order=up", "order")]
    [InlineData("nextToken=zzz", "nextToken")]
    [InlineData("startedAfter=noon", "startedAfter")]
    [InlineData("metadata=novalue", "metadata")]
    public async Task A_bad_filter_is_400_and_names_the_parameter(string query, string field) =>
        IsError(await SendAsync(HttpMethod.Get, $"/v2/sandboxes?{query}"), 400, field);

    [Fact]
    public async Task The_network_of_a_sandbox_that_runs_stays_as_it_is()
    {
        string path = $"/sandboxes/{await CreateAsync(60)}/network";
        Assert.Equal(204, (await SendAsync(HttpMethod.Put, path, "{}")).Status);
        IsError(await SendAsync(HttpMethod.Put, path, """{"allow_internet_access":false}"""), 501, "allow_internet_access");
        IsError(await SendAsync(HttpMethod.Put, path, """{"allowOut":["1.1.1.1"]}"""), 501, "allowOut");
    }

    [Fact]
    public async Task Metrics_are_the_samples_of_the_window_with_the_present_last()
    {
        string id = await CreateAsync(60), other = await CreateAsync(60);
        JsonElement metric = (await SendAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics")).Json.EnumerateArray().Last();
        Assert.Equal(2, metric.GetProperty("cpuCount").GetInt32());
        Assert.True(metric.GetProperty("memTotal").GetInt64() > 0);
        long now = metric.GetProperty("timestampUnix").GetInt64();
        Assert.NotEmpty((await SendAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics?start={now - 60}&end={now + 60}")).Json.EnumerateArray());
        Assert.Empty((await SendAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics?end={now - 60}")).Json.EnumerateArray());
        Assert.Empty((await SendAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics?start={now + 60}")).Json.EnumerateArray());
        IsError(await SendAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics?start=noon"), 400, "start");

        JsonElement many = (await SendAsync(HttpMethod.Get, $"/sandboxes/metrics?sandbox_ids={id},{other},{new string('0', 26)}")).Json;
        Assert.Equal(new[] { id, other }.Order(), many.GetProperty("sandboxes").EnumerateObject().Select(one => one.Name).Order());
        IsError(await SendAsync(HttpMethod.Get, "/sandboxes/metrics"), 400, "sandbox_ids");
    }

    [Theory]
    [InlineData("GET", "/v2/sandboxes/x/logs")]
    [InlineData("POST", "/v3/templates")]
    [InlineData("GET", "/volumes")]
    public async Task What_is_not_built_says_so(string method, string path) =>
        IsError(await SendAsync(new HttpMethod(method), path), 501, "not built");

    [Fact]
    public async Task A_route_that_does_not_exist_is_404_in_the_dialects_words() =>
        IsError(await SendAsync(HttpMethod.Get, "/sandboxes/a/b/c"), 404, "no such route");

    private static void IsError(Reply reply, int status, string named)
    {
        Assert.True(reply.Status == status, $"{reply.Status} instead of {status}: {reply.Text}");
        Assert.Equal(status, reply.Json.GetProperty("code").GetInt32());
        Assert.Contains(named, Text(reply, "message"), StringComparison.Ordinal);
    }

    private async Task<int> CodeStatusAsync(string id, HttpMethod method, string path, string? header, string? token)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("E2b-Sandbox-Id", id);
        request.Headers.Add("E2b-Sandbox-Port", "49999");
        if (header is not null)
        {
            request.Headers.Add(header, token);
        }

        return (await Reply.OfAsync(await server.Client.SendAsync(request))).Status;
    }

    private static DateTime End(Reply detail) => detail.Json.GetProperty("endAt").GetDateTime();

    private static string[] Ids(Reply list) =>
        [.. list.Json.EnumerateArray().Select(sandbox => sandbox.GetProperty("sandboxID").GetString()!)];

    private static string Text(Reply reply, string name) => reply.Json.GetProperty(name).GetString()!;

    private async Task<string> CreateAsync(int timeout, string paging = "")
    {
        Reply made = await SendAsync(HttpMethod.Post, "/v2/sandboxes", JsonSerializer.Serialize(
            new { templateID = "base", timeout, metadata = new { paging } }));
        Assert.True(made.Status == 201, made.Text);
        return Text(made, "sandboxID");
    }

    private Task<Reply> SendAsync(HttpMethod method, string path, string? body = null) => SendAsync(method, path, server.Key, body);

    /// <summary>Bodies come in chunks, as from E2B's clients.</summary>
    private async Task<Reply> SendAsync(HttpMethod method, string path, string? key, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Add("X-API-KEY", key);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(JsonDocument.Parse(body).RootElement);
            request.Headers.TransferEncodingChunked = true;
        }

        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }
}
