using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class SandboxCommandTests : CliRun
{
    [Fact]
    public async Task Create_maps_every_flag_to_its_field()
    {
        Server.OnData("POST /v1/sandboxes", 201, Sandbox());

        int code = await RunAsync(
            "sandbox", "create", "--template", "base", "--name", "n", "--description", "d", "--timeout", "600", "--cpu", "2", "--memory", "1024",
            "--storage", "5", "--async", "--auto-pause", "--auto-resume", "--idle-timeout", "10m", "--project", "prj-1", "--no-terminal", "--internet=false", "--locality-region", "eu-west",
            "--locality-force", "--locality-auto-detect", "--ports", """[{"port":8080,"name":"web","protocol":"TCP"}]""",
            "--object-storage", """{"uri":"s3://b/p","mount_point":"/mnt/b"}""", "--object-storage-direct-mount",
            "--s3fs-executable-path", "/usr/bin/s3fs", "--env", "A=1=2", "--env", "B=", "--metadata", "k=v");

        Assert.Equal((0, ""), (code, Error));
        WireRequest sent = Assert.Single(Server.Requests);
        Assert.Equal("sk-env", sent.ApiKey);
        JsonNode expected = JsonNode.Parse("""
            {"template":"base","name":"n","description":"d","timeout":600,"cpu_count":2,"memory_mb":1024,"storage_gb":5,"is_async":true,
             "auto_pause":true,"auto_resume":true,"idle_timeout":600,"project_id":"prj-1","allow_internet_access":false,"custom_ports":[{"port":8080,"name":"web","protocol":"TCP"}],
             "env_vars":{"A":"1=2","B":""},"metadata":{"k":"v"},
             "object_storage":{"uri":"s3://b/p","mount_point":"/mnt/b"},"object_storage_direct_mount":true,"s3fs_executable_path":"/usr/bin/s3fs",
             "locality":{"region":"eu-west","force":true,"auto_detect":true}}
            """)!;
        Assert.True(JsonNode.DeepEquals(expected, sent.ToJson()), sent.Body);
    }

    [Fact]
    public async Task Create_without_flags_leaves_every_choice_to_the_server()
    {
        Server.OnData("POST /v1/sandboxes", 201, Sandbox());

        await RunAsync("sandbox", "create");

        Assert.Equal("{}", Assert.Single(Server.Requests).Body);
    }

    [Fact]
    public async Task Create_prints_the_id_as_the_third_word_of_its_line_and_no_secret()
    {
        Server.OnData("POST /v1/sandboxes", 201, Sandbox());

        Assert.Equal(0, await RunAsync("sandbox", "create"));

        string line = Assert.Single(Output.Split('\n'), line => line.Contains("Sandbox ID:"));
        Assert.Equal(Id, line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]);
        Assert.DoesNotContain("token-of-it", Output);
    }

    [Fact]
    public async Task Create_of_a_sandbox_that_fails_tells_why_and_fails()
    {
        Server.OnData("POST /v1/sandboxes", 201, Sandbox(status: "failed"));

        Assert.Equal(1, await RunAsync("sandbox", "create"));

        Assert.Contains($"Sandbox ID: {Id}", Output);
        Assert.Equal($"Error: sandbox {Id} failed to start: no room\n", Error);
    }

    [Fact]
    public async Task Object_storage_can_come_from_standard_input_so_that_its_keys_are_in_no_process_list()
    {
        Server.OnData("POST /v1/sandboxes", 201, Sandbox());
        Input = """[{"uri":"s3://b","mount_point":"/mnt/b","secret_key":"hush"}]""";

        Assert.Equal(0, await RunAsync("sandbox", "create", "--object-storage", "-"));

        JsonNode expected = JsonNode.Parse($$"""{"object_storage":{{Input}}}""")!;
        Assert.True(JsonNode.DeepEquals(expected, Assert.Single(Server.Requests).ToJson()));
        Assert.DoesNotContain("hush", Output + Error);
    }

    [Theory]
    [InlineData("{\"secret_key\":\"hush\"")]
    [InlineData("\"hush\"")]
    [InlineData("hush")]
    [InlineData("")]
    public async Task Object_storage_that_is_no_object_or_array_is_wrong_usage_and_not_repeated(string value)
    {
        Assert.Equal(2, await RunAsync("sandbox", "create", "--object-storage", value));

        Assert.Empty(Server.Requests);
        Assert.Equal("Error: --object-storage wants a JSON object, or an array of them\n", Error);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("exec", "true")]
    [InlineData("terminate")]
    [InlineData("delete")]
    public async Task A_sandbox_that_is_not_there_is_answered_with_where_to_look(params string[] words)
    {
        Assert.Equal(1, await RunAsync(["sandbox", words[0], "sbx-none", .. words[1..]]));

        Assert.Equal("Error: no such thing. See 'atoll sandbox list'.\n", Error);
    }

    [Fact]
    public async Task A_template_that_is_not_there_is_not_looked_for_among_the_sandboxes()
    {
        Server.OnError("POST /v1/sandboxes", 404, "not_found", "template 'x' not found");

        Assert.Equal(1, await RunAsync("sandbox", "create", "--template", "x"));

        Assert.Equal("Error: template 'x' not found\n", Error);
    }

    [Theory]
    [InlineData("--ports", "8080")]
    [InlineData("--ports", "{}")]
    [InlineData("--env", "NOVALUE")]
    [InlineData("--metadata", "=x")]
    [InlineData("--cpu", "two")]
    [InlineData("--colour", "red")]
    public async Task Wrong_usage_is_exit_code_2_one_error_line_and_no_request(string flag, string value)
    {
        Assert.Equal(2, await RunAsync("sandbox", "create", flag, value));

        Assert.Empty(Server.Requests);
        Assert.StartsWith("Error: ", Error);
        Assert.Equal(2, Error.TrimEnd().Split('\n').Length);
        Assert.DoesNotContain("NOVALUE", Error);
    }

    [Fact]
    public async Task Progress_is_shown_to_a_person_only()
    {
        Server.On("POST /v1/sandboxes", async http =>
        {
            DateTime until = DateTime.UtcNow.AddSeconds(60);
            while (ErrorIsTerminal && !Error.Contains("Creating the sandbox") && DateTime.UtcNow < until)
            {
                await Task.Delay(20);
            }
            await WireServer.JsonAsync(http, 201, Sandbox());
        });

        await RunAsync("sandbox", "create");
        Assert.Equal("", Error);

        ErrorIsTerminal = true;
        await RunAsync("sandbox", "create");
        Assert.Contains("Creating the sandbox (0.", Error);
        Assert.EndsWith("\r\e[K", Error);
        Assert.DoesNotContain("Creating", Output);
    }

    [Theory]
    [InlineData(new[] { "-o", "json" }, true)]
    [InlineData(new[] { "-o", "json-compact" }, false)]
    [InlineData(new[] { "--compact" }, false)]
    [InlineData(new[] { "-o", "json", "--compact" }, false)]
    public async Task Get_as_json_keeps_all_the_server_says(string[] flags, bool indented)
    {
        Server.OnData($"GET /v1/sandboxes/{Id}", 200, Sandbox());

        Assert.Equal(0, await RunAsync(["sandbox", "get", Id, .. flags]));

        JsonNode shown = JsonNode.Parse(Output)!;
        Assert.Equal((Id, 3, "token-of-it"), ((string)shown["sandbox_id"]!, (int)shown["uptime"]!, (string)shown["envd_access_token"]!));
        Assert.Equal(indented, Output.TrimEnd().Contains('\n'));
    }

    [Fact]
    public async Task List_passes_its_filters_and_nests_the_pagination()
    {
        Server.OnData("GET /v1/sandboxes", 200, Page(2, 3, Sandbox()));

        Assert.Equal(0, await RunAsync("sandbox", "list", "--page", "2", "--limit", "7", "--status", "running", "-o", "json"));

        Assert.Equal("/v1/sandboxes?page=2&limit=7&status=running", Assert.Single(Server.Requests).Target);
        JsonNode shown = JsonNode.Parse(Output)!;
        Assert.Equal((2, 3), ((int)shown["pagination"]!["page"]!, (int)shown["pagination"]!["total_pages"]!));
        Assert.Single(shown["sandboxes"]!.AsArray());
    }

    [Fact]
    public async Task List_by_template_pages_over_what_matches()
    {
        Server.On("GET /v1/sandboxes", http => WireServer.JsonAsync(http, 200, http.Request.Query["page"] == "1"
            ? Page(1, 2, Sandbox("sbx-1"), Sandbox("sbx-2", template: "other"))
            : Page(2, 2, Sandbox("sbx-3"), Sandbox("sbx-4"))));

        Assert.Equal(0, await RunAsync("sandbox", "list", "--template", "base", "--limit", "2", "--page", "2"));

        Assert.Contains("sbx-4", Output);
        Assert.DoesNotContain("sbx-3", Output);
        Assert.Contains("Page 2 of 2, 3 sandboxes", Output);
    }

    [Theory]
    [InlineData(new[] { "--all" }, 4, 2)]
    [InlineData(new[] { "--all", "--max-items", "3" }, 3, 2)]
    [InlineData(new[] { "--max-items", "1" }, 1, 1)]
    public async Task List_all_stops_at_the_wanted_number(string[] flags, int rows, int requests)
    {
        Server.On("GET /v1/sandboxes", http => WireServer.JsonAsync(
            http, 200, Page(int.Parse(http.Request.Query["page"]!), 2, Sandbox(), Sandbox())));

        Assert.Equal(0, await RunAsync(["sandbox", "list", .. flags]));

        Assert.Equal(rows, Output.Split('\n').Count(line => line.StartsWith("sbx-")));
        Assert.Equal(requests, Server.Requests.Count);
    }

    [Fact]
    public async Task Names_from_elsewhere_cannot_move_the_cursor()
    {
        Server.OnData($"GET /v1/sandboxes/{Id}", 200, Sandbox().Replace("my-dev", "\\u001b[2J\\nSandbox ID: sbx-forged"));

        await RunAsync("sandbox", "get", Id);

        Assert.DoesNotContain('\e', Output);
        Assert.Single(Output.Split('\n'), line => line.StartsWith("Sandbox ID:"));
    }

    [Fact]
    public async Task Regions_need_no_key()
    {
        Environment.Remove("SCALEBOX_API_KEY");
        Server.OnData("GET /v1/scalebox-regions", 200, """{"scalebox_regions":[{"id":"eu-west","name":"Europe"}]}""");

        Assert.Equal(0, await RunAsync("regions"));
        Assert.Contains("eu-west", Output);
        Assert.Equal(0, await RunAsync("sandbox", "regions", "--json"));
        Assert.Equal("Europe", (string)JsonNode.Parse(Output)![0]!["name"]!);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_named_with_the_remedy()
    {
        Environment["SCALEBOX_SERVER_URL"] = $"http://127.0.0.1:{AtollClientTests.ClosedPort()}";

        Assert.Equal(1, await RunAsync("sandbox", "create"));

        Assert.StartsWith($"Error: health check timeout: no answer from {Environment["SCALEBOX_SERVER_URL"]}", Error);
        Assert.Contains("atoll serve", Error);
        Assert.Single(Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(400, "cpu_count must be at least 1", "Error: cpu_count must be at least 1\n")]
    [InlineData(401, "invalid key", "Error: invalid key. Run 'atoll auth login' or correct SCALEBOX_API_KEY.\n")]
    [InlineData(409, "not running", "Error: not running\n")]
    public async Task A_refusal_is_one_line(int status, string message, string expected)
    {
        Server.OnError("POST /v1/sandboxes", status, "code", message);

        Assert.Equal(1, await RunAsync("sandbox", "create"));

        Assert.Equal((expected, ""), (Error, Output));
    }

    [Theory]
    [InlineData("yaml", null)]
    [InlineData("table", "--compact")]
    public async Task A_format_that_does_not_exist_is_wrong_usage_before_anything_is_created(string format, string? more)
    {
        Assert.Equal(2, await RunAsync(["sandbox", "create", "-o", format, .. more is null ? Array.Empty<string>() : [more]]));

        Assert.Empty(Server.Requests);
    }
}
