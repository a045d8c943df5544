using System.Text.Json;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Tenancy;

public sealed class ProjectTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private static readonly string[] Fields =
    [
        "project_id", "name", "description", "owner_user_id", "status", "is_default", "sandbox_count", "created_at", "updated_at", "owner",
    ];

    [Fact]
    public async Task Every_user_has_a_default_project_from_the_start()
    {
        string key = await server.KeyOfAsync("first");

        Reply list = await server.ControlAsync(HttpMethod.Get, "/v1/projects", key: key);
        JsonElement only = Assert.Single(list.Data.GetProperty("projects").EnumerateArray());

        Assert.Equal(Fields, only.EnumerateObject().Select(field => field.Name));
        Assert.True(only.GetProperty("is_default").GetBoolean());
        Assert.StartsWith("prj-", only.GetProperty("project_id").GetString(), StringComparison.Ordinal);
        Assert.Equal("first", only.GetProperty("owner").GetProperty("username").GetString());
        Assert.Equal("active", only.GetProperty("status").GetString());
        Assert.Equal(1, list.Data.GetProperty("pagination").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_project_is_made_read_changed_and_deleted()
    {
        string key = await server.KeyOfAsync("editor");
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/projects", new { name = "Blue", description = "sky" }, key);
        Assert.Equal(201, made.Status);
        string path = "/v1/projects/" + made.Data.GetProperty("project_id").GetString();

        Assert.Equal("sky", (await server.ControlAsync(HttpMethod.Get, path, key: key)).Data.GetProperty("description").GetString());
        Reply changed = await server.ControlAsync(HttpMethod.Put, path, new { name = "Green" }, key);
        Assert.Equal(("Green", "sky"), (changed.Data.GetProperty("name").GetString(), changed.Data.GetProperty("description").GetString()));
        Assert.Equal(1, (await server.ControlAsync(HttpMethod.Get, "/v1/projects?search=gREE", key: key)).Data.GetProperty("projects").GetArrayLength());
        (await server.ControlAsync(HttpMethod.Post, "/v1/projects", new { name = "Green" }, key)).IsError(409, "already_exists", "name");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, path, key: key)).Status);
        (await server.ControlAsync(HttpMethod.Get, path, key: key)).IsError(404, "not_found");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901")]
    [InlineData("a\nb")]
    public async Task A_name_out_of_bounds_is_400(string name) =>
        (await server.ControlAsync(HttpMethod.Post, "/v1/projects", new { name })).IsError(400, "invalid_argument", "name");

    [Fact]
    public async Task The_default_project_and_one_with_sandboxes_are_not_deleted()
    {
        RunningBox box = await server.CreateAsync(new { project_id = await ProjectAsync("full") });
        string project = (await BoxAsync(box)).GetProperty("project_id").GetString()!;

        (await server.ControlAsync(HttpMethod.Delete, $"/v1/projects/{project}")).IsError(409, "wrong_state");
        (await server.ControlAsync(HttpMethod.Delete, $"/v1/projects/{await DefaultAsync()}")).IsError(409, "wrong_state");

        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, $"/v1/projects/{project}")).Status);
        Assert.Equal(await DefaultAsync(), (await BoxAsync(box)).GetProperty("project_id").GetString());
    }

    [Fact]
    public async Task A_sandbox_is_made_in_a_project_and_found_by_it()
    {
        string project = await ProjectAsync("nest");
        RunningBox box = await server.CreateAsync(new { project_id = project, name = "egg" });
        await server.CreateAsync();

        JsonElement made = await BoxAsync(box);
        Assert.Equal((project, "nest"), (made.GetProperty("project_id").GetString(), made.GetProperty("project_name").GetString()));
        JsonElement listed = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes?project_id={project}")).Data.GetProperty("sandboxes");
        Assert.Equal(box.Name, Assert.Single(listed.EnumerateArray()).GetProperty("sandbox_id").GetString());
        JsonElement inside = (await server.ControlAsync(HttpMethod.Get, $"/v1/projects/{project}/sandboxes")).Data.GetProperty("sandboxes");
        JsonElement item = Assert.Single(inside.EnumerateArray());
        Assert.Equal((box.Name, "egg", "running"), (item.GetProperty("id").GetString(), item.GetProperty("name").GetString(), item.GetProperty("status").GetString()));
        Assert.Equal(1, (await server.ControlAsync(HttpMethod.Get, $"/v1/projects/{project}")).Data.GetProperty("sandbox_count").GetInt32());
        await server.ControlAsync(HttpMethod.Put, $"/v1/projects/{project}", new { name = "nest two" });
        Assert.Equal("nest two", (await BoxAsync(box)).GetProperty("project_name").GetString());
    }

    [Fact]
    public async Task A_create_in_a_project_that_is_not_there_or_anothers_is_400()
    {
        string key = await server.KeyOfAsync("stranger");
        string project = await ProjectAsync("mine only");

        (await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { project_id = "prj-none" })).IsError(400, "invalid_argument", "project_id");
        (await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { project_id = project }, key)).IsError(400, "invalid_argument", "project_id");
        (await server.ControlAsync(HttpMethod.Get, $"/v1/projects/{project}", key: key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Put, $"/v1/projects/{project}", new { name = "taken" }, key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Delete, $"/v1/projects/{project}", key: key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Get, $"/v1/projects/{project}/sandboxes", key: key)).IsError(404, "not_found");
    }

    [Fact]
    public async Task A_running_sandbox_is_added_evicted_and_switched()
    {
        RunningBox box = await server.CreateAsync();
        string home = await DefaultAsync(), project = await ProjectAsync("away");

        JsonElement added = (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{project}/sandboxes/{box.Name}/add")).Data;
        Assert.Equal(("added_to_project", home, project), (Text(added, "action"), Text(added, "previous_project"), Text(added, "project_id")));
        (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{home}/sandboxes/{box.Name}/evict")).IsError(404, "not_found");
        JsonElement evicted = (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{project}/sandboxes/{box.Name}/evict")).Data;
        Assert.Equal(("evicted_to_default_project", project, home), (Text(evicted, "action"), Text(evicted, "previous_project"), Text(evicted, "project_id")));
        (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{home}/sandboxes/{box.Name}/evict")).IsError(409, "wrong_state");
        Reply switched = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/switch-project", new { project_id = project });
        Assert.Equal("Sandbox project switched successfully", switched.Json.GetProperty("message").GetString());
        Assert.Equal(project, Text(switched.Data, "project_id"));
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/switch-project", new { project_id = "prj-none" })).IsError(404, "not_found");
    }

    [Fact]
    public async Task One_that_is_over_stays_where_it_was()
    {
        RunningBox box = await server.CreateAsync();
        string project = await ProjectAsync("too late");
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");

        (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{project}/sandboxes/{box.Name}/add")).IsError(409, "wrong_state");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/switch-project", new { project_id = project })).IsError(409, "wrong_state");
    }

    [Fact]
    public async Task Nobody_moves_anothers_sandbox_or_into_anothers_project()
    {
        string key = await server.KeyOfAsync("thief");
        RunningBox box = await server.CreateAsync();
        string theirs = (await server.ControlAsync(HttpMethod.Get, "/v1/projects", key: key)).Data.GetProperty("projects")[0].GetProperty("project_id").GetString()!;

        (await server.ControlAsync(HttpMethod.Post, $"/v1/projects/{theirs}/sandboxes/{box.Name}/add", key: key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/switch-project", new { project_id = theirs })).IsError(404, "not_found");
    }

    private static string? Text(JsonElement data, string field) => data.GetProperty(field).GetString();

    private async Task<string> ProjectAsync(string name)
    {
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/projects", new { name });
        Assert.True(made.Status == 201, made.Text);
        return made.Data.GetProperty("project_id").GetString()!;
    }

    private async Task<string> DefaultAsync() =>
        (await server.ControlAsync(HttpMethod.Get, "/v1/projects")).Data.GetProperty("projects")[0].GetProperty("project_id").GetString()!;

    private async Task<JsonElement> BoxAsync(RunningBox box) => (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data;
}
