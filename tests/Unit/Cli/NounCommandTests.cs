using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

/// <summary>The verbs of the nouns beside sandboxes: each against the request that it makes and what it shows of the answer.</summary>
public sealed class NounCommandTests : CliRun
{
    private const string Template = """
        {"template_id":"tpl-1","name":"tools","description":"d","status":"available","visibility":"private","template_source":"custom",
         "default_cpu_count":2,"default_memory_mb":512,"image_size_bytes":1024,"ports":"[]","template_document":"# Tools"}
        """;

    private const string Job = """{"job_id":"imp-1","template_id":"tpl-1","status":"completed","progress_percentage":100}""";

    private const string Webhook = """
        {"endpoint_id":"whk-1","webhook_id":"whk-1","name":"ends","url":"https://example.org/h","event_types":["sandbox.failed"],"is_active":true}
        """;

    private const string Key = """{"key_id":"key-1","name":"ci","prefix":"sk-12","is_active":true,"max_active_api_keys":5}""";
    private const string Notification = """{"id":"ntf-1","title":"It failed","type":"sandbox_failed","is_read":false}""";
    private const string User = """{"user_id":"usr-1","username":"ada","email":"ada@example.org","role":"member","status":"active"}""";
    private const string Delivery = """{"delivery_id":"whd-1","event_type":"webhook.test","status":"pending","attempt_number":0}""";

    /// <summary>Command, request, body, and what the output holds.</summary>
    public static TheoryData<string, string, string, string> Verbs => new()
    {
        { "template list --search t --public", "GET /v1/templates?page=1&limit=20&search=t&visibility=public", "", "tpl-1        tools  available" },
        { "template get tpl-1", "GET /v1/templates/tpl-1", "", "Size: 1.0 KiB" },
        { "template update tpl-1 --memory 1024 --cpu 0", "PUT /v1/templates/tpl-1", """{"default_memory_mb":1024}""", "Template ID: tpl-1" },
        { "template delete tpl-1", "DELETE /v1/templates/tpl-1", "", "tpl-1: deleted" },
        { "template dockerfile tpl-1", "GET /v1/templates/tpl-1/dockerfile", "", "FROM scratch\n" },
        { "template share tpl-1 --new-name shared", "POST /v1/templates/tpl-1/share", """{"new_name":"shared"}""", "Visibility: private" },
        { "template unshare tpl-1", "POST /v1/templates/tpl-1/unshare", "", "Template ID: tpl-1" },
        { "template document get tpl-1", "GET /v1/templates/tpl-1/document", "", "# Tools\n" },
        { "template document download tpl-1", "GET /v1/templates/tpl-1/document", "", "# Tools\n" },
        { "template document set tpl-1 -f -", "PUT /v1/templates/tpl-1/document", """{"template_document":"typed"}""", "" },
        { "template document clear tpl-1", "DELETE /v1/templates/tpl-1/document", "", "" },
        { "template build --base tpl-9 --name tools --cmd top", "POST /v1/templates", """{"name":"tools","base_template_id":"tpl-9","custom_command":"top"}""", "Template ID: tpl-1" },
        {
            "template create-custom --image r.io/i:1 --name tools --visibility public", "POST /v1/templates",
            """{"name":"tools","external_image_url":"r.io/i:1","template_source":"custom","custom_image_source":"external","visibility":"public"}""", "Status: available"
        },
        { "template import-jobs --template-id tpl-1", "GET /v1/import-jobs?page=1&limit=20&template_id=tpl-1", "", "imp-1   tpl-1     completed  100 %" },
        { "template import-jobs --job-id imp-1", "GET /v1/import-jobs/imp-1", "", "imp-1" },
        {
            $"sandbox create-template {Id} --name tools --cpu 0 --memory 512 --ready-cmd true", $"POST /v1/sandboxes/{Id}/create-template",
            """{"name":"tools","memory_mb":512,"ready_command":"true"}""", "Template ID: tpl-1"
        },
        { "api-key list", "GET /v1/api-keys?page=1&limit=20", "", "key-1   ci    sk-12   yes" },
        { "api-key get key-1", "GET /v1/api-keys/key-1", "", "Name: ci" },
        { "api-key create ci --description d", "POST /v1/api-keys", """{"name":"ci","description":"d"}""", "API key: sk-made" },
        { "api-key update key-1 --name cd", "PUT /v1/api-keys/key-1", """{"name":"cd"}""", "Key ID: key-1" },
        { "api-key enable key-1", "PUT /v1/api-keys/key-1/status", """{"is_active":true}""", "key-1: active" },
        { "api-key disable key-1", "PUT /v1/api-keys/key-1/status", """{"is_active":false}""", "key-1: inactive" },
        { "api-key delete key-1", "DELETE /v1/api-keys/key-1", "", "key-1: deleted" },
        { "webhook list", "GET /v1/webhooks?page=1&limit=20", "", "https://example.org/h  sandbox.failed" },
        { "webhook get whk-1", "GET /v1/webhooks/whk-1", "", "Active: yes" },
        {
            "webhook create --url https://example.org/h --events sandbox.failed,sandbox.paused --max-retries 3", "POST /v1/webhooks",
            """{"url":"https://example.org/h","event_types":["sandbox.failed","sandbox.paused"],"max_retries":3}""", "Secret: whsec_1"
        },
        { "webhook update whk-1 --active=false", "PUT /v1/webhooks/whk-1", """{"is_active":false}""", "Webhook ID: whk-1" },
        { "webhook delete whk-1", "DELETE /v1/webhooks/whk-1", "", "whk-1: deleted" },
        { "webhook deliveries whk-1", "GET /v1/webhooks/whk-1/deliveries?page=1&limit=20", "", "whd-1        webhook.test  pending" },
        { "webhook test whk-1", "POST /v1/webhooks/whk-1/test", "", "Delivery ID: whd-1" },
        { "notification list --unread", "GET /v1/notifications?page=1&limit=20&read=false", "", "It failed" },
        { "notification get ntf-1", "GET /v1/notifications/ntf-1", "", "Title: It failed" },
        { "notification read ntf-1", "PATCH /v1/notifications/ntf-1/read", "", "ntf-1: read" },
        { "notification unread ntf-1", "PATCH /v1/notifications/ntf-1/unread", "", "ntf-1: unread" },
        { "notification read-all", "PATCH /v1/notifications/read-all", "", "" },
        { "notification unread-all", "PATCH /v1/notifications/unread-all", "", "" },
        { "notification delete ntf-1", "DELETE /v1/notifications/ntf-1", "", "ntf-1: deleted" },
        { "notification delete --all", "DELETE /v1/notifications", "", "" },
        { "usage summary", "GET /v1/usage/summary?page=1&limit=20", "", "Total hours: 3.5\n" },
        { "usage sessions --sandbox sbx-1", "GET /v1/usage/sessions?page=1&limit=20&sandbox_id=sbx-1", "", "SANDBOX ID  CPU COUNT" },
        { "usage quotas", "GET /v1/usage/quotas", "", "Sandboxes limit: 10\n" },
        { "user me", "GET /v1/users/me", "", "Username: ada" },
        { "user update-me --display-name A", "PUT /v1/users/me", """{"display_name":"A"}""", "User ID: usr-1" },
        { "user list --search a", "GET /v1/user-management/users?page=1&limit=20&search=a", "", "ada@example.org" },
        { "user get usr-1", "GET /v1/user-management/users/usr-1", "", "Role: member" },
        {
            "user create ada --email ada@example.org --password-stdin", "POST /v1/user-management/users",
            """{"username":"ada","email":"ada@example.org","password":"typed"}""", "User ID: usr-1"
        },
        { "user update usr-1 --role admin", "PUT /v1/user-management/users/usr-1", """{"role":"admin"}""", "User ID: usr-1" },
        { "user delete usr-1", "DELETE /v1/user-management/users/usr-1", "", "usr-1: deleted" },
        { "user reset-password usr-1", "POST /v1/user-management/users/usr-1/reset-password", """{"new_password":"typed"}""", "" },
        { "audit --user usr-1 --action x", "GET /v1/audit-log?page=1&limit=20&user_id=usr-1&action=x", "", "sandbox.create" },
    };

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Each_verb_is_one_request_and_shows_its_answer(string command, string request, string body, string shown)
    {
        Script();
        Input = "typed";

        int code = await RunAsync(command.Split(' '));

        Assert.True(code == 0, Error);
        WireRequest sent = Assert.Single(Server.Requests);
        Assert.Equal(request, $"{sent.Method} {sent.Target}");
        Assert.True(body.Length == 0 ? sent.Body.Length == 0 : JsonNode.DeepEquals(JsonNode.Parse(body), sent.ToJson()), sent.Body);
        Assert.Contains(shown, Output);
        Assert.DoesNotContain("typed", Output + Error);
    }

    [Theory]
    [InlineData("template get tools", "/v1/templates?page=1&limit=20&name=tools", "/v1/templates/tpl-1")]
    [InlineData("api-key disable ci", "/v1/api-keys?page=1&limit=100&search=ci", "/v1/api-keys/key-1/status")]
    [InlineData("webhook test ends", "/v1/webhooks?page=1&limit=100", "/v1/webhooks/whk-1/test")]
    [InlineData("user get ada", "/v1/user-management/users?page=1&limit=100&search=ada", "/v1/user-management/users/usr-1")]
    public async Task A_name_stands_wherever_an_id_does(string command, params string[] targets)
    {
        Script();

        Assert.Equal(0, await RunAsync(command.Split(' ')));

        Assert.Equal(targets, Server.Requests.Select(request => request.Target));
    }

    [Theory]
    [InlineData("template get none", "Error: there is no template 'none': see 'atoll template list'\n", 1)]
    [InlineData("template get tpl-none", "Error: no such thing. See 'atoll template list'.\n", 1)]
    [InlineData("webhook get whk-none", "Error: no such thing. See 'atoll webhook list'.\n", 1)]
    [InlineData("notification get ntf-none", "Error: no such thing. See 'atoll notification list'.\n", 1)]
    [InlineData("notification delete", "Error: say which to delete: ids, or --all\n", 2)]
    [InlineData("template build --name tools", "Error: say what to make it of: one of --base, --external-image-url, --image-file and --dockerfile\n", 2)]
    [InlineData("template build --name tools --base a --image-file b", "Error: say what to make it of: one of --base, --external-image-url, --image-file and --dockerfile\n", 2)]
    [InlineData("template build --name tools --image-file /nonexistent/x.tar", "Error: cannot read /nonexistent/x.tar: ", 1)]
    [InlineData("template update tools --ports 8080", "Error: --ports wants a JSON array such as ", 2)]
    public async Task What_cannot_be_done_is_told_with_the_remedy(string command, string error, int code)
    {
        Script();

        Assert.Equal(code, await RunAsync(command.Split(' ')));

        Assert.StartsWith(error, Error);
    }

    [Fact]
    public async Task An_import_is_waited_for_and_its_failure_told()
    {
        Script();
        Server.OnData("POST /v1/templates/import", 202, Job.Replace("completed", "pending"));

        Assert.Equal(0, await RunAsync("template", "import", "--image", "r.io/i:1", "--name", "tools", "--username", "u", "--password-stdin"));
        Assert.Contains("Template ID: tpl-1", Output);
        Assert.Equal(["/v1/templates/import", "/v1/import-jobs/imp-1", "/v1/templates/tpl-1"], Server.Requests.Select(request => request.Target));

        Server.OnData("GET /v1/import-jobs/imp-1", 200, """{"job_id":"imp-1","template_id":"tpl-1","status":"failed","error_message":"no such image"}""");
        Assert.Equal(1, await RunAsync("template", "import", "--image", "r.io/i:1", "--name", "tools"));
        Assert.Equal("Error: the import failed: no such image\n", Error);
    }

    [Fact]
    public async Task An_image_in_a_file_is_sent_with_what_the_template_is_to_be()
    {
        Script();
        string file = Path.Combine(Home, "image.tar");
        await File.WriteAllTextAsync(file, "layers");

        Assert.Equal(0, await RunAsync("template", "build", "--image-file", file, "--name", "tools", "--cpu", "2"));

        string sent = Server.Requests[0].Body;
        Assert.Contains("tools", sent);
        Assert.Contains("name=default_cpu_count\r\n\r\n2\r\n", sent);
        Assert.Contains("layers", sent);
    }

    [Fact]
    public async Task A_dockerfile_is_built_by_what_is_installed_here()
    {
        Script();
        string file = Path.Combine(Home, "Dockerfile");
        await File.WriteAllTextAsync(file, "FROM scratch");
        Environment["PATH"] = "/nonexistent";
        Assert.Equal(1, await RunAsync("template", "build", "--dockerfile", file, "--name", "tools"));
        Assert.StartsWith("Error: a Dockerfile needs one of docker, podman, buildah on the PATH", Error);

        string builder = Path.Combine(Home, "docker");
        await File.WriteAllTextAsync(builder, "#!/bin/sh\necho \"did $*\"\n[ \"$1\" != save ] || printf built > \"$3\"\n");
        File.SetUnixFileMode(builder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Environment["PATH"] = Home;
        Assert.Equal(0, await RunAsync("template", "build", "--dockerfile", file, "--path", Home, "--name", "tools"));
        Assert.Contains($"did build -t atoll/tools:latest -f {file} {Home}\n", Error);
        Assert.Contains("built", Server.Requests[0].Body);
        Assert.Contains("Template ID: tpl-1", Output);
    }

    private void Script()
    {
        Things("templates", "tpl-1", "templates", Template);
        Things("api-keys", "key-1", "api_keys", Key);
        Things("webhooks", "whk-1", "webhooks", Webhook);
        Things("notifications", "ntf-1", "notifications", Notification);
        Things("user-management/users", "usr-1", "users", User);
        Things("import-jobs", "imp-1", "jobs", Job);
        Things("audit-log", "-", "entries", """{"created_at":"2026-04-17T12:34:56Z","user_id":"usr-1","action":"sandbox.create","status_code":201}""");
        Server.OnData("PUT /v1/templates/tpl-1", 200, $$"""{"template":{{Template}},"owner_id":"usr-1"}""");
        Server.OnData("POST /v1/api-keys", 201, Key.Replace("\"prefix\"", "\"api_key\":\"sk-made\",\"prefix\""));
        Server.OnData("POST /v1/webhooks", 201, Webhook.Replace("\"name\"", "\"secret\":\"whsec_1\",\"name\""));
        Server.OnData("GET /v1/users/me", 200, User);
        Server.OnData("PUT /v1/users/me", 200, User);
        Server.OnData("POST /v1/user-management/users/usr-1/reset-password", 200, "{}");
        Server.On("GET /v1/templates/tpl-1/dockerfile", http => WireServer.JsonAsync(http, 200, "FROM scratch"));
        foreach (string verb in new[] { "POST /v1/templates/tpl-1/share", "POST /v1/templates/tpl-1/unshare", $"POST /v1/sandboxes/{Id}/create-template" })
        {
            Server.OnData(verb, 200, Template);
        }
        foreach (string verb in new[] { "GET", "PUT", "DELETE" })
        {
            Server.OnData($"{verb} /v1/templates/tpl-1/document", 200, Template);
        }
        Server.OnData("POST /v1/templates/import/upload", 202, Job);
        Server.OnData("PUT /v1/api-keys/key-1/status", 200, Key);
        Server.OnData("GET /v1/webhooks/whk-1/deliveries", 200, $$"""{"deliveries":[{{Delivery}}]}""");
        Server.OnData("POST /v1/webhooks/whk-1/test", 202, Delivery);
        foreach (string path in new[] { "notifications/ntf-1/read", "notifications/ntf-1/unread", "notifications/read-all", "notifications/unread-all" })
        {
            Server.OnData($"PATCH /v1/{path}", 200, Notification);
        }
        Server.OnData("DELETE /v1/notifications", 200, "{}");
        Server.OnData("GET /v1/usage/summary", 200, """{"total_hours":3.5,"by_template":[]}""");
        Server.OnData("GET /v1/usage/sessions", 200, """{"sessions":[{"sandbox_id":"sbx-1","cpu_count":2}]}""");
        Server.OnData("GET /v1/usage/quotas", 200, """{"sandboxes":{"limit":10,"used":1} }""");
    }

    /// <summary>The usual routes of one kind of thing, of which there is one.</summary>
    private void Things(string path, string id, string list, string one)
    {
        Server.OnData($"GET /v1/{path}", 200, $$"""{"{{list}}":[{{one}}],"pagination":{"page":1,"limit":20,"total":1,"total_pages":1} }""");
        Server.OnData($"POST /v1/{path}", 201, one);
        foreach (string verb in new[] { "GET", "PUT", "DELETE" })
        {
            Server.OnData($"{verb} /v1/{path}/{id}", 200, one);
        }
    }
}
