using System.Text.Json.Nodes;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class ProjectCommandTests : CliRun
{
    private const string Project = """
        {"project_id":"prj-1","name":"research","description":"d","owner_user_id":"usr-1","status":"active","is_default":false,"sandbox_count":3,
         "created_at":"2026-04-17T12:34:56Z"}
        """;

    public static TheoryData<string[], string, string> Verbs => new()
    {
        { ["project", "list", "--search", "res"], "GET /v1/projects?page=1&limit=20&search=res", "" },
        { ["project", "get", "prj-1"], "GET /v1/projects/prj-1", "" },
        { ["project", "create", "research", "--description", "d"], "POST /v1/projects", """{"name":"research","description":"d"}""" },
        { ["project", "update", "prj-1", "--name", "new"], "PUT /v1/projects/prj-1", """{"name":"new"}""" },
        { ["project", "delete", "prj-1"], "DELETE /v1/projects/prj-1", "" },
        { ["project", "sandboxes", "prj-1", "--limit", "5"], "GET /v1/projects/prj-1/sandboxes?page=1&limit=5", "" },
        { ["project", "add", "prj-1", Id], $"POST /v1/projects/prj-1/sandboxes/{Id}/add", "" },
        { ["project", "evict", "prj-1", Id], $"POST /v1/projects/prj-1/sandboxes/{Id}/evict", "" },
        { ["sandbox", "switch-project", Id, "prj-1"], $"POST /v1/sandboxes/{Id}/switch-project", """{"project_id":"prj-1"}""" },
    };

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Each_verb_is_one_request(string[] command, string request, string body)
    {
        Script();

        Assert.Equal(0, await RunAsync(command));

        var sent = Assert.Single(Server.Requests);
        Assert.Equal((request, body), ($"{sent.Method} {sent.Target}", sent.Body));
    }

    [Fact]
    public async Task A_name_stands_wherever_an_id_does()
    {
        Script();

        Assert.Equal(0, await RunAsync("project", "get", "research"));
        Assert.Equal("Project ID: prj-1\nName: research\nDescription: d\nSandboxes: 3\nCreated: 2026-04-17 12:34:56Z\n", Output);
        Assert.Equal(["/v1/projects?page=1&limit=100&search=research", "/v1/projects/prj-1"], Server.Requests.Select(request => request.Target));

        Assert.Equal(1, await RunAsync("sandbox", "create", "--project", "none"));
        Assert.Equal("Error: there is no project 'none': see 'atoll project list'\n", Error);
    }

    [Fact]
    public async Task A_list_is_a_table_or_json_with_its_pagination()
    {
        Script();

        await RunAsync("project", "list");
        Assert.Contains("prj-1       research           3", Output);
        await RunAsync("project", "list", "-o", "json");
        JsonNode shown = JsonNode.Parse(Output)!;
        Assert.Equal(("active", 1), ((string)shown["projects"]![0]!["status"]!, (int)shown["pagination"]!["total_pages"]!));
    }

    private void Script()
    {
        Server.OnData("GET /v1/projects", 200, $$"""{"projects":[{{Project}}],"pagination":{"page":1,"limit":20,"total":1,"total_pages":1} }""");
        Server.OnData("POST /v1/projects", 201, Project);
        foreach (string verb in new[] { "GET", "PUT", "DELETE" })
        {
            Server.OnData($"{verb} /v1/projects/prj-1", 200, Project);
        }
        Server.OnData("GET /v1/projects/prj-1/sandboxes", 200, """{"project_id":"prj-1","sandboxes":[{"id":"sbx-1","name":"n","status":"running"}]}""");
        Server.OnData($"POST /v1/projects/prj-1/sandboxes/{Id}/add", 200, """{"action":"added_to_project"}""");
        Server.OnData($"POST /v1/projects/prj-1/sandboxes/{Id}/evict", 200, """{"action":"evicted_to_default_project"}""");
        Server.OnData($"POST /v1/sandboxes/{Id}/switch-project", 200, Sandbox());
    }
}
