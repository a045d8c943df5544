using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxSandboxesTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Create_hands_every_field_to_the_port()
    {
        Reply reply = await api.PostAsync("/v1/sandboxes", """
            {"name":"n","description":"d","template":"base","cpu_count":2,"memory_mb":1024,"storage_gb":5,"timeout":600,
             "env_vars":{"A":"1"},"metadata":{"k":"v"},"secure":false,"allow_internet_access":false,"auto_pause":true,
             "custom_ports":[{"port":8080,"name":"web","protocol":"udp"},{"port":90,"name":"x","service_port":91}],
             "locality":{"auto_detect":true,"region":"eu-west","force":true},"object_storage":null,"net_proxy_country":"",
             "object_storage_direct_mount":false,"something_else":{"a":[1]}}
            """);
        Assert.Equal(201, reply.Status);
        CreateSandbox asked = api.Ports.Sandboxes.Asked!;
        Assert.Equal(("n", "d", "base", 2, 1024, 5), (asked.Name, asked.Description, asked.Template, asked.CpuCount, asked.MemoryMb, asked.StorageGb));
        Assert.Equal(TimeSpan.FromSeconds(600), asked.Timeout);
        Assert.Equal((true, false, false), (asked.AutoPause, asked.Secure, asked.AllowInternetAccess));
        Assert.Equal(new Locality(true, "eu-west", true), asked.Locality);
        Assert.Equal("1", asked.Environment["A"]);
        Assert.Equal("v", asked.Metadata["k"]);
        Assert.Equal(
            [new PortMapping(8080, 8080, PortProtocol.Udp, "web"), new PortMapping(90, 91, PortProtocol.Tcp, "x")], asked.Ports);
        Assert.True(api.Ports.Sandboxes.AskedToWait);
    }

    [Fact]
    public async Task Create_without_a_body_takes_all_defaults()
    {
        Reply reply = await api.PostAsync("/v1/sandboxes");
        Assert.Equal(201, reply.Status);
        Assert.Null(api.Ports.Sandboxes.Asked!.Template);
        Assert.True(api.Ports.Sandboxes.Asked.Secure);
    }

    [Fact]
    public async Task An_asynchronous_create_does_not_wait()
    {
        Reply reply = await api.PostAsync("/v1/sandboxes", new { is_async = true });
        Assert.Equal("starting", reply.Data.GetProperty("status").GetString());
        Assert.False(api.Ports.Sandboxes.AskedToWait);
    }

    [Fact]
    public async Task The_reply_holds_what_clients_index_even_when_there_is_nothing()
    {
        JsonElement data = (await api.PostAsync("/v1/sandboxes", new { metadata = new { camelCase = "Kept" } })).Data;
        foreach (string key in new[] { "object_storage", "object_storage_single", "network_proxy", "paused_at", "persistence_days" })
        {
            Assert.Equal(JsonValueKind.Null, data.GetProperty(key).ValueKind);
        }

        foreach (string key in new[] { "timeout", "remaining_seconds", "uptime", "total_running_seconds", "total_paused_seconds" })
        {
            Assert.True(data.GetProperty(key).TryGetInt32(out _), key);
        }

        string id = data.GetProperty("sandbox_id").GetString()!;
        Assert.Matches("^sbx-[0-9a-z]{26}$", id);
        Assert.Equal("token-" + id[4..], data.GetProperty("envd_access_token").GetString());
        Assert.Equal("127.0.0.1:7070", data.GetProperty("sandbox_domain").GetString());
        Assert.Equal("Kept", data.GetProperty("metadata").GetProperty("camelCase").GetString());
        Assert.Equal("ann", data.GetProperty("userName").GetString());
        Assert.Equal("ann", data.GetProperty("owner").GetProperty("username").GetString());
        Assert.Equal("", data.GetProperty("object_storage_s3fs_path").GetString());
        Assert.EndsWith("Z", data.GetProperty("created_at").GetString());
    }

    [Fact]
    public async Task A_synchronous_create_whose_sandbox_failed_is_an_error_that_names_the_sandbox()
    {
        api.Ports.Sandboxes.Shape = sandbox => sandbox with { State = SandboxState.Failed, Reason = "no loop device is free" };
        Reply reply = await api.PostAsync("/v1/sandboxes", new { });
        reply.IsError(500, "sandbox_failed");
        Assert.Contains("no loop device is free", reply.Error);
        string id = reply.Json.GetProperty("details").GetProperty("sandbox_id").GetString()!;
        Assert.Equal("failed", (await api.GetAsync($"/v1/sandboxes/{id}")).Data.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    [InlineData("\"text\"", null)]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", null)]
    [InlineData("{\"timeout\":\"300\"}", "timeout")]
    [InlineData("{\"timeout\":1.5}", "timeout")]
    [InlineData("{\"timeout\":59}", "timeout")]
    [InlineData("{\"timeout\":1e3}", "timeout")]
    [InlineData("{\"timeout\":99999999999}", "timeout")]
    [InlineData("{\"cpu_count\":true}", "cpu_count")]
    [InlineData("{\"memory_mb\":[]}", "memory_mb")]
    [InlineData("{\"storage_gb\":{}}", "storage_gb")]
    [InlineData("{\"name\":1}", "name")]
    [InlineData("{\"name\":\"\\u0000\"}", "name")]
    [InlineData("{\"name\":\"\\ud800\"}", "name")]
    [InlineData("{\"description\":[]}", "description")]
    [InlineData("{\"template\":7}", "template")]
    [InlineData("{\"secure\":\"true\"}", "secure")]
    [InlineData("{\"allow_internet_access\":0}", "allow_internet_access")]
    [InlineData("{\"auto_pause\":\"\"}", "auto_pause")]
    [InlineData("{\"is_async\":1}", "is_async")]
    [InlineData("{\"env_vars\":{\"A\":1}}", "env_vars.A")]
    [InlineData("{\"metadata\":[\"a\"]}", "metadata")]
    [InlineData("{\"metadata\":{\"a\":null}}", "metadata.a")]
    [InlineData("{\"custom_ports\":{}}", "custom_ports")]
    [InlineData("{\"custom_ports\":[1]}", "custom_ports[0]")]
    [InlineData("{\"custom_ports\":[{\"port\":1,\"name\":\"a\"},{\"name\":\"b\"}]}", "custom_ports[1].port")]
    [InlineData("{\"custom_ports\":[{\"port\":1}]}", "custom_ports[0].name")]
    [InlineData("{\"custom_ports\":[{\"port\":1,\"name\":\"a\",\"protocol\":\"sctp\"}]}", "custom_ports[0].protocol")]
    [InlineData("{\"locality\":\"us-east\"}", "locality")]
    [InlineData("{\"locality\":{\"force\":\"yes\"}}", "locality.force")]
    [InlineData("{\"project_id\":7}", "project_id")]
    public async Task Bad_input_is_400_and_names_the_field(string body, string? field) =>
        (await api.PostAsync("/v1/sandboxes", body)).IsError(400, "invalid_argument", field);

    [Theory]
    [InlineData("object_storage", "{\"uri\":\"s3://b\"}")]
    [InlineData("object_storage", "[{\"uri\":\"s3://b\"}]")]
    [InlineData("object_storage_direct_mount", "true")]
    [InlineData("s3fs_executable_path", "\"/bin/s3fs\"")]
    [InlineData("net_proxy_country", "\"japan\"")]
    public async Task What_is_not_built_is_refused_rather_than_ignored(string field, string value) =>
        (await api.PostAsync("/v1/sandboxes", $"{{\"{field}\":{value}}}")).IsError(501, "not_implemented", field);

    [Theory]
    [InlineData("sbx-00000000000000000000000000")]
    [InlineData("sbx-zzzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("00000000000000000000000000")]
    [InlineData("SBX-00000000000000000000000000")]
    [InlineData("%0a")]
    [InlineData("sbx-%E2%82%AC")]
    public async Task Unknown_and_malformed_ids_are_404_alike(string id)
    {
        foreach (string path in new[] { "", "/status", "/exec/active", "/exec/stream" })
        {
            Reply reply = await api.GetAsync($"/v1/sandboxes/{id}{path}");
            reply.IsError(404, "not_found");
            Assert.StartsWith($"sandbox '{Uri.UnescapeDataString(id)}' not found", reply.Error);
        }
    }

    [Fact]
    public async Task Another_users_sandbox_is_not_found()
    {
        string id = await api.CreateAsync();
        foreach ((HttpMethod method, string path, string? body) in new (HttpMethod, string, string?)[]
        {
            (HttpMethod.Get, "", null), (HttpMethod.Get, "/status", null), (HttpMethod.Put, "", "{\"timeout\":900}"),
            (HttpMethod.Post, "/timeout", "{\"timeout\":900}"), (HttpMethod.Post, "/connect", null), (HttpMethod.Delete, "", null), (HttpMethod.Post, "/terminate", null),
            (HttpMethod.Post, "/exec", "{\"command\":\"id\"}"), (HttpMethod.Get, "/exec/active", null), (HttpMethod.Get, "/exec/stream", null),
        })
        {
            (await api.SendAsync(method, $"/v1/sandboxes/{id}{path}", body, ApiHost.OtherKey)).IsError(404, "not_found");
        }
    }

    [Fact]
    public async Task Connect_answers_the_sandbox_with_its_token_and_hands_the_timeout_on()
    {
        string id = await api.CreateAsync();
        foreach ((object? body, TimeSpan? timeout) in new (object?, TimeSpan?)[]
        {
            (null, null), (new { }, null), (new { timeout = 600 }, TimeSpan.FromSeconds(600)),
        })
        {
            Reply reply = await api.PostAsync($"/v1/sandboxes/{id}/connect", body);
            Assert.Equal((200, timeout), (reply.Status, api.Ports.Sandboxes.ConnectTimeout));
            Assert.Equal((id, "running"), (reply.Data.GetProperty("sandbox_id").GetString(), reply.Data.GetProperty("status").GetString()));
            Assert.NotEqual("", reply.Data.GetProperty("envd_access_token").GetString());
        }

        (await api.PostAsync($"/v1/sandboxes/{id}/connect", new { timeout = "600" })).IsError(400, "invalid_argument", "timeout");
        api.Ports.Sandboxes.FailWith = new Fault(FaultCode.WrongState, "a sandbox that is paused cannot be connected to").AsException();
        (await api.PostAsync($"/v1/sandboxes/{id}/connect")).IsError(409, "wrong_state");
        (await api.PostAsync("/v1/sandboxes/sbx-00000000000000000000000000/connect")).IsError(404, "not_found");
    }

    [Fact]
    public async Task Timeout_takes_post_and_put_and_update_only_prolongs()
    {
        string id = await api.CreateAsync();
        foreach (HttpMethod method in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            JsonElement data = (await api.SendAsync(method, $"/v1/sandboxes/{id}/timeout", new { timeout = 900 })).Data;
            Assert.Equal(900, data.GetProperty("timeout").GetInt32());
            Assert.InRange(data.GetProperty("remaining_time").GetInt32(), 880, 900);
            Assert.Equal("current_phase", data.GetProperty("applies_to").GetString());
            Assert.Equal(TimeoutRule.NotBelowUsed, api.Ports.Sandboxes.Rule);
        }

        Reply update = await api.SendAsync(HttpMethod.Put, $"/v1/sandboxes/{id}", new { timeout = 1000 });
        Assert.Equal("Sandbox updated successfully", update.Json.GetProperty("message").GetString());
        Assert.Equal(1000, update.Data.GetProperty("timeout").GetInt32());
        Assert.Equal(TimeoutRule.OnlyLonger, api.Ports.Sandboxes.Rule);
        (await api.PostAsync($"/v1/sandboxes/{id}/timeout", new { })).IsError(400, "invalid_argument", "timeout");
        (await api.PostAsync($"/v1/sandboxes/{id}/timeout")).IsError(400, "invalid_argument");
    }

    [Fact]
    public async Task Terminate_is_202_and_200_once_it_is_over_and_delete_is_202_then_404()
    {
        string id = await api.CreateAsync();
        Reply first = await api.PostAsync($"/v1/sandboxes/{id}/terminate");
        Assert.Equal((202, "termination_in_progress"), (first.Status, first.Data.GetProperty("status").GetString()));
        Reply second = await api.PostAsync($"/v1/sandboxes/{id}/terminate?force=true");
        Assert.Equal((200, "terminated"), (second.Status, second.Data.GetProperty("status").GetString()));
        Assert.Equal("Sandbox is already terminated", second.Json.GetProperty("message").GetString());
        Reply gone = await api.SendAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}?force=true");
        Assert.Equal((202, "deletion_in_progress"), (gone.Status, gone.Data.GetProperty("status").GetString()));
        (await api.SendAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}")).IsError(404, "not_found");
    }

    [Fact]
    public async Task List_hands_its_filters_to_the_port_and_hides_tokens()
    {
        await api.CreateAsync();
        Reply reply = await api.GetAsync(
            "/v1/sandboxes?status=running&limit=1&page=2&search=x&sort_by=name&sort_order=asc&metadata=a%3Db%2520c%26d%3De&project_id=p");
        SandboxQuery query = api.Ports.Sandboxes.Query!;
        Assert.Equal([SandboxState.Running, SandboxState.Forking], query.States);
        Assert.Equal((1, 1, "x", SandboxSort.Name, false), (query.Offset, query.Limit, query.Search, query.Sort, query.Descending));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "b c", ["d"] = "e" }, query.Metadata);
        JsonElement pages = reply.Data.GetProperty("pagination");
        Assert.Equal((2, 1), (pages.GetProperty("page").GetInt32(), pages.GetProperty("limit").GetInt32()));
        Assert.Equal(pages.GetProperty("total").GetInt32(), pages.GetProperty("total_pages").GetInt32());
        Assert.Equal(JsonValueKind.Array, reply.Data.GetProperty("sandboxes").ValueKind);
        Assert.DoesNotContain("envd_access_token", (await api.GetAsync("/v1/sandboxes")).Text);
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("page_size=0", "page_size")]
    [InlineData("skip=-1", "skip")]
    [InlineData("offset=1.5", "offset")]
    [InlineData("status=happy", "status")]
    [InlineData("sort_by=color", "sort_by")]
    [InlineData("sort_order=up", "sort_order")]
    [InlineData("metadata=novalue", "metadata")]
    [InlineData("metadata={%22a%22:1}", "metadata.a")]
    public async Task A_bad_filter_is_400_and_names_the_parameter(string query, string field) =>
        (await api.GetAsync($"/v1/sandboxes?{query}")).IsError(400, "invalid_argument", field);

    [Fact]
    public async Task Every_fault_has_a_status_and_a_code_word()
    {
        foreach (FaultCode code in Enum.GetValues<FaultCode>())
        {
            api.Ports.Sandboxes.FailWith = new Fault(code, "because", "timeout").AsException();
            Reply reply = await api.PostAsync("/v1/sandboxes", new { });
            (int status, string word) = Atoll.Api.Dialects.ScaleBox.ScaleBoxFaults.Of(code);
            reply.IsError(status, word, "timeout");
        }
    }

    [Fact]
    public async Task An_unexpected_failure_tells_the_log_everything_and_the_client_nothing()
    {
        api.Ports.Sandboxes.FailWith = new InvalidOperationException("password is hunter2");
        Reply reply = await api.GetAsync("/v1/sandboxes");
        reply.IsError(500, "internal");
        Assert.DoesNotContain("hunter2", reply.Text);
        string id = reply.Json.GetProperty("request_id").GetString()!;
        Assert.Contains(id, api.Log.Text);
        Assert.Contains("hunter2", api.Log.Text);
    }
}
