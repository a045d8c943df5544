using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Control.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxTemplatesTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private static readonly HttpMethod Get = HttpMethod.Get, Post = HttpMethod.Post, Put = HttpMethod.Put, Delete = HttpMethod.Delete;

    [Fact]
    public async Task A_template_is_made_read_changed_and_deleted()
    {
        Reply made = await server.ControlAsync(Post, "/v1/templates", new
        {
            name = "first-template-1700000000000", description = "text", default_cpu_count = 1, default_memory_mb = 256,
            metadata = new { team = "a", nested = new { n = 1 } }, ports = "[{\"port\":8080,\"name\":\"web\"}]", custom_command = "sleep 1",
            ready_command = "{\"type\":\"tcpSocket\",\"port\":8080}",
        });
        Assert.Equal(201, made.Status);
        JsonElement data = made.Data;
        string id = data.GetProperty("template_id").GetString()!;
        Assert.StartsWith("tpl-", id);
        Assert.Equal(
            ("text", 1, 256, "private", "scalebox_family", "available", "latest", "sleep 1", "{\"type\":\"tcpSocket\",\"port\":8080}"),
            (Text(data, "description"), data.GetProperty("default_cpu_count").GetInt32(), data.GetProperty("default_memory_mb").GetInt32(),
                Text(data, "visibility"), Text(data, "template_source"), Text(data, "status"), Text(data, "harbor_tag"), Text(data, "custom_command"), Text(data, "ready_command")));
        Assert.Equal(Text(data, "owner_id"), Text(data, "owner_user_id"));
        Assert.Equal(1, data.GetProperty("metadata").GetProperty("nested").GetProperty("n").GetInt32());
        JsonElement port = Assert.Single(JsonDocument.Parse(Text(data, "ports")).RootElement.EnumerateArray());
        Assert.Equal((8080, 8080, "web"), (port.GetProperty("port").GetInt32(), port.GetProperty("service_port").GetInt32(), Text(port, "name")));
        Assert.Equal("base", Text((await server.ControlAsync(Get, "/v1/templates/" + Text(data, "parent_template_id"))).Data, "name"));

        Reply changed = await server.ControlAsync(Put, $"/v1/templates/{id}", new { description = "other", visibility = "public", ports = new object[0] });
        Assert.Equal("Template updated successfully", Text(changed.Json, "message"));
        JsonElement now = changed.Data.GetProperty("template");
        Assert.Equal(("other", "public", "[]", "sleep 1"), (Text(now, "description"), Text(now, "visibility"), Text(now, "ports"), Text(now, "custom_command")));
        Assert.Equal("other", Text((await server.ControlAsync(Get, $"/v1/templates/{id}")).Data, "description"));

        Reply gone = await server.ControlAsync(Delete, $"/v1/templates/{id}");
        Assert.Equal((200, "Template deleted successfully", false), (gone.Status, Text(gone.Json, "message"), gone.Json.TryGetProperty("data", out _)));
        (await server.ControlAsync(Get, $"/v1/templates/{id}")).IsError(404, "not_found");
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("a23456789012345678901234567890123")]
    [InlineData("Upper")]
    [InlineData("1abc")]
    [InlineData("abcd-")]
    [InlineData("ab--cd")]
    [InlineData("ab__cd")]
    [InlineData("ab-_cd")]
    [InlineData("tpl-abc")]
    [InlineData("harbor")]
    [InlineData("localhost")]
    public async Task A_name_that_the_contract_forbids_is_refused(string name) =>
        (await server.ControlAsync(Post, "/v1/templates", new { name })).IsError(400, "invalid_argument", "name");

    [Theory]
    [InlineData("abcd")]
    [InlineData("a2345678901234567890123456789012")]
    [InlineData("test-template")]
    [InlineData("my_dev-1")]
    public async Task A_name_that_the_contract_allows_is_taken(string name) =>
        Assert.Equal(201, (await server.ControlAsync(Post, "/v1/templates", new { name })).Status);

    [Theory]
    [InlineData("{\"description\":1}", "description")]
    [InlineData("{\"default_cpu_count\":1000000}", "default_cpu_count")]
    [InlineData("{\"default_memory_mb\":1}", "default_memory_mb")]
    [InlineData("{\"visibility\":\"secret\"}", "visibility")]
    [InlineData("{\"template_source\":\"other\"}", "template_source")]
    [InlineData("{\"template_source\":\"custom\"}", "custom_image_source")]
    [InlineData("{\"template_source\":\"custom\",\"custom_image_source\":\"external\"}", "external_image_url")]
    [InlineData("{\"base_template_id\":\"tpl-nothing\"}", "base_template_id")]
    [InlineData("{\"metadata\":\"[]\"}", "metadata")]
    [InlineData("{\"ports\":\"{\"}", "ports")]
    [InlineData("{\"ports\":[{\"port\":0,\"name\":\"x\"}]}", "ports")]
    [InlineData("{\"ports\":[{\"port\":80,\"name\":\"x\"},{\"port\":80,\"name\":\"y\"}]}", "ports")]
    [InlineData("{\"custom_command\":\"{\\\"Cmd\\\":1}\"}", "custom_command")]
    [InlineData("{\"ready_command\":\"{\\\"type\\\":\\\"smell\\\"}\"}", "ready_command")]
    [InlineData("{\"ready_command\":\"{\\\"type\\\":\\\"httpGet\\\"}\"}", "ready_command")]
    public async Task A_field_that_is_wrong_is_named(string fields, string field)
    {
        JsonElement given = JsonDocument.Parse(fields).RootElement;
        Dictionary<string, object> body = given.EnumerateObject().ToDictionary(one => one.Name, one => (object)one.Value);
        body["name"] = "wrong-" + field.Replace('_', '-')[..4];
        (await server.ControlAsync(Post, "/v1/templates", body)).IsError(400, "invalid_argument", field);
    }

    [Fact]
    public async Task A_second_template_of_a_name_is_a_conflict_and_so_is_one_named_as_the_installations_own()
    {
        await MakeAsync("twice-1");
        (await server.ControlAsync(Post, "/v1/templates", new { name = "twice-1" })).IsError(409, "already_exists", "name");
        (await server.ControlAsync(Post, "/v1/templates", new { name = "base" })).IsError(409, "already_exists", "name");
        string other = await MakeAsync("twice-2");
        (await server.ControlAsync(Put, $"/v1/templates/{other}", new { name = "twice-1" })).IsError(409, "already_exists", "name");
    }

    [Fact]
    public async Task The_list_has_pages_and_filters_and_begins_with_the_installations_own()
    {
        string one = await MakeAsync("listed-one"), two = await MakeAsync("listed-two", new { visibility = "public" });
        await server.ControlAsync(Post, "/v1/templates", new
        {
            name = "listed-three", template_source = "custom", custom_image_source = "external", external_image_url = "registry.example/a:1",
        });

        JsonElement first = (await server.ControlAsync(Get, "/v1/templates?limit=1")).Data;
        Assert.Equal("base", Text(Assert.Single(first.GetProperty("templates").EnumerateArray()), "name"));
        Assert.Equal(1, first.GetProperty("pagination").GetProperty("limit").GetInt32());
        Assert.Equal(first.GetProperty("pagination").GetProperty("total").GetInt32(), first.GetProperty("pagination").GetProperty("total_pages").GetInt32());
        Assert.Equal(["listed-three", "listed-two", "listed-one"], await NamesAsync("search=LISTED"));
        Assert.Equal(["listed-two"], await NamesAsync("search=listed&limit=1&page=2"));
        Assert.Equal(["listed-one"], await NamesAsync("name=listed-one"));
        Assert.Equal(["listed-two"], await NamesAsync("search=listed&visibility=public"));
        Assert.Equal(["listed-three"], await NamesAsync("search=listed&status=pending"));
        Assert.Equal(["listed-two", "listed-one"], await NamesAsync("search=listed&usable=true"));
        Assert.Equal(["listed-one"], await NamesAsync($"search={one}"));
        (await server.ControlAsync(Get, "/v1/templates?status=ripe")).IsError(400, "invalid_argument", "status");
        (await server.ControlAsync(Get, "/v1/templates?limit=0")).IsError(400, "invalid_argument", "limit");
        Assert.NotEqual(one, two);
    }

    [Fact]
    public async Task A_template_of_somebody_else_is_not_found_until_it_is_shared_and_then_only_read()
    {
        var tenancy = server.Services.GetRequiredService<TenancyAdmin>();
        await tenancy.EnsureUserAsync("template-reader");
        string key = (await tenancy.CreateKeyAsync("template-reader", "k")).Secret;
        string id = await MakeAsync("mine-alone");
        (await AsAsync(key, Get, $"/v1/templates/{id}")).IsError(404, "not_found");
        (await AsAsync(key, Delete, $"/v1/templates/{id}")).IsError(404, "not_found");
        (await AsAsync(key, Post, "/v1/sandboxes", new { template = id })).IsError(400, "invalid_argument", "template");
        (await AsAsync(key, Post, "/v1/sandboxes", new { template = "mine-alone" })).IsError(400, "invalid_argument", "template");

        Reply shared = await server.ControlAsync(Post, $"/v1/templates/{id}/share", new { new_name = "mine-shared" });
        Assert.Equal((200, "account_shared"), (shared.Status, Text(shared.Data, "visibility")));
        Assert.Equal("mine-shared", Text((await AsAsync(key, Get, $"/v1/templates/{id}")).Data, "name"));
        Assert.Equal(201, (await AsAsync(key, Post, "/v1/sandboxes", new { template = "mine-shared" })).Status);
        (await AsAsync(key, Put, $"/v1/templates/{id}", new { description = "x" })).IsError(403, "forbidden");
        (await AsAsync(key, Delete, $"/v1/templates/{id}")).IsError(403, "forbidden");
        (await AsAsync(key, Post, $"/v1/templates/{id}/unshare")).IsError(403, "forbidden");
        (await AsAsync(key, Delete, "/v1/templates/base")).IsError(403, "forbidden");

        Assert.Equal("private", Text((await server.ControlAsync(Post, $"/v1/templates/{id}/unshare")).Data, "visibility"));
        (await AsAsync(key, Get, $"/v1/templates/{id}")).IsError(404, "not_found");
    }

    [Fact]
    public async Task A_template_cannot_be_deleted_while_sandboxes_use_it()
    {
        string id = await MakeAsync("in-use");
        RunningBox box = await server.CreateAsync(new { template = id });
        (await server.ControlAsync(Delete, $"/v1/templates/{id}")).IsError(409, "wrong_state");

        await server.ControlAsync(Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");
        Assert.Equal(200, (await server.ControlAsync(Delete, $"/v1/templates/{id}")).Status);
        Assert.False((await server.ControlAsync(Get, $"/v1/sandboxes/{box.Name}")).Data.GetProperty("template_exists").GetBoolean());
        Assert.NotEqual(id, await MakeAsync("in-use"));
    }

    [Fact]
    public async Task A_document_is_kept_downloaded_and_removed()
    {
        string id = await MakeAsync("documented"), path = $"/v1/templates/{id}/document";
        Assert.Equal("", Text((await server.ControlAsync(Get, path)).Data, "template_document"));
        (await server.ControlAsync(Get, path + "?download=1")).IsError(400, "invalid_argument", "download");
        (await server.ControlAsync(Put, path, new { template_document = "" })).IsError(400, "invalid_argument", "template_document");
        (await server.ControlAsync(Put, path, new { template_document = new string('x', 65_534) + "é" })).IsError(400, "invalid_argument", "template_document");

        string text = "# é\n" + new string('x', 65_535 - 5);
        Assert.Equal(text, Text((await server.ControlAsync(Put, path, new { template_document = text })).Data, "template_document"));
        Reply file = await server.ControlAsync(Get, path + "?download=yes");
        Assert.Equal((200, text, "text/markdown"), (file.Status, file.Text, file.Message.Content.Headers.ContentType!.MediaType));
        Assert.Equal("documented.md", file.Message.Content.Headers.ContentDisposition!.FileName);
        Assert.Equal(text, Text((await server.ControlAsync(Get, $"/v1/templates/{id}")).Data, "template_document"));

        Reply removed = await server.ControlAsync(Delete, path);
        Assert.Equal(("Template document removed", ""), (Text(removed.Json, "message"), Text(removed.Data, "template_document")));
    }

    [Fact]
    public async Task The_chain_and_the_dockerfile_tell_what_a_template_was_made_of()
    {
        string first = await MakeAsync("chain-one", new { ports = new[] { new { port = 80, name = "web" } } });
        string second = await MakeAsync("chain-two", new { base_template_id = first, ports = new[] { new { port = 81, name = "more" } } });
        JsonElement data = (await server.ControlAsync(Get, $"/v1/templates/{second}/chain")).Data;
        Assert.Equal(3, data.GetProperty("depth").GetInt32());
        Assert.Equal(["chain-two", "chain-one", "base"], data.GetProperty("chain").EnumerateArray().Select(link => Text(link, "name")));
        Reply dockerfile = await server.ControlAsync(Get, $"/v1/templates/{second}/dockerfile");
        Assert.Equal("text/plain", dockerfile.Message.Content.Headers.ContentType!.MediaType);
        Assert.Contains("FROM chain-one\n", dockerfile.Text);
        Assert.Contains("EXPOSE 81\n", dockerfile.Text);
        Assert.Contains("FROM scratch\n", (await server.ControlAsync(Get, "/v1/templates/base/dockerfile")).Text);

        string bare = await MakeAsync("chain-bare", new { base_template_id = first, reset_ports = true });
        Assert.Equal("[]", Text((await server.ControlAsync(Get, $"/v1/templates/{bare}")).Data, "ports"));
    }

    [Fact]
    public async Task Whoever_builds_it_elsewhere_can_say_how_that_goes_but_not_that_it_can_be_used()
    {
        Reply made = await server.ControlAsync(Post, "/v1/templates", new
        {
            name = "built-elsewhere", template_source = "custom", custom_image_source = "imported", harbor_image_url = "registry.example/x:1",
            external_registry_username = "ann", external_registry_password = "very-secret-word",
        });
        Assert.DoesNotContain("very-secret-word", made.Text);
        string id = Text(made.Data, "template_id");
        (await server.ControlAsync(Post, "/v1/sandboxes", new { template = id })).IsError(409, "wrong_state", "template");
        JsonElement failed = (await server.ControlAsync(Put, $"/v1/templates/{id}/status", new { status = "failed", error_message = "disk", push_logs = "l" })).Data;
        Assert.Equal((id, "failed"), (Text(failed, "template_id"), Text(failed, "build_status")));
        Assert.Equal("disk", Text((await server.ControlAsync(Get, $"/v1/templates/{id}")).Data, "build_error_message"));
        (await server.ControlAsync(Put, $"/v1/templates/{id}/status", new { status = "available" })).IsError(409, "wrong_state", "status");
        (await server.ControlAsync(Put, $"/v1/templates/{id}/status", new { })).IsError(400, "invalid_argument", "status");
        foreach (string file in (string[])["atoll.db", "atoll.db-wal"])
        {
            Assert.DoesNotContain("very-secret-word", System.Text.Encoding.Latin1.GetString(await ReadAllAsync(Path.Combine(server.DataDirectory, file))));
        }
    }

    [Fact]
    public async Task Templates_outlive_the_server()
    {
        string id = await MakeAsync("durable-one");
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal("durable-one", Text((await server.ControlAsync(Get, $"/v1/templates/{id}")).Data, "name"));
        await server.CreateAsync(new { template = "durable-one" });
    }

    [Fact]
    public async Task The_storage_that_is_used_and_may_be_used_is_told()
    {
        JsonElement data = (await server.ControlAsync(Get, "/v1/templates/storage-usage")).Data;
        Assert.Equal((0, 20, 0), (data.GetProperty("used_gb").GetDouble(), data.GetProperty("limit_gb").GetDouble(), data.GetProperty("percentage").GetDouble()));
    }

    private static async Task<byte[]> ReadAllAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        await file.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task<string> MakeAsync(string name, object? more = null)
    {
        Dictionary<string, object?> body = (more?.GetType().GetProperties() ?? []).ToDictionary(one => one.Name, one => one.GetValue(more));
        body["name"] = name;
        Reply made = await server.ControlAsync(Post, "/v1/templates", body);
        Assert.True(made.Status == 201, made.Text);
        return Text(made.Data, "template_id");
    }

    private async Task<string[]> NamesAsync(string query)
    {
        Reply list = await server.ControlAsync(Get, "/v1/templates?" + query);
        Assert.True(list.Status == 200, list.Text);
        return [.. list.Data.GetProperty("templates").EnumerateArray().Select(template => Text(template, "name"))];
    }

    private async Task<Reply> AsAsync(string key, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-API-Key", key);
        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }
}
