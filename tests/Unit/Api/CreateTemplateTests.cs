using System.Diagnostics;
using System.Text.Json;
using Atoll.Domain.Templates;
using Atoll.Node.Templates.Roots;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class CreateTemplateTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private SimulatedRoots Roots => server.Services.GetRequiredService<SimulatedRoots>();

    [Fact]
    public async Task A_template_of_a_sandbox_has_what_the_sandbox_has_and_sandboxes_are_made_of_it()
    {
        RunningBox box = await server.CreateAsync(new { cpu_count = 1, memory_mb = 768, custom_ports = new[] { new { port = 3000, name = "web" } } });
        Reply made = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new
        {
            name = "of-a-sandbox", description = "d", is_public = true, cpu_count = 0, memory_m_b = 1024,
            ports = "[{\"port\":4000,\"name\":\"more\"}]", custom_command = "sleep 1", ready_command = "true",
        });
        Assert.True(made.Status == 200, made.Text);
        JsonElement data = made.Data;
        Assert.Equal(("building", "public", true), (Text(data, "status"), Text(data, "visibility"), data.GetProperty("is_public").GetBoolean()));
        Assert.Equal((1, 1024), (data.GetProperty("default_cpu_count").GetInt32(), data.GetProperty("default_memory_mb").GetInt32()));
        Assert.Equal([3000, 4000], JsonDocument.Parse(Text(data, "ports")).RootElement.EnumerateArray().Select(port => port.GetProperty("port").GetInt32()));

        JsonElement template = await UntilAsync(Text(data, "template_id"), "available");
        Assert.Equal(SimulatedRoots.Bytes, template.GetProperty("image_size_bytes").GetInt64());
        Assert.Equal(Text(data, "base_template_id"), Text(template, "root_template_id"));
        RunningBox copy = await server.CreateAsync(new { template = "of-a-sandbox" });
        Assert.Equal(1024, (await server.UntilAsync(copy, "running")).GetProperty("memory_mb").GetInt32());
        Assert.Equal("running", Text((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/status")).Data, "status"));
        Assert.True((await server.ControlAsync(HttpMethod.Get, "/v1/templates/storage-usage")).Data.GetProperty("used_bytes").GetInt64() >= SimulatedRoots.Bytes);
    }

    [Fact]
    public async Task One_that_fails_says_why_and_leaves_nothing_and_a_sandbox_that_does_not_run_is_refused()
    {
        RunningBox box = await server.CreateAsync();
        Roots.OnMake = _ => throw new Atoll.Domain.Fault(Atoll.Domain.FaultCode.WrongState, "no tar here").AsException();
        Reply made = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new { name = "fails-at-once" });
        JsonElement failed = await UntilAsync(Text(made.Data, "template_id"), "failed");
        Roots.OnMake = null;
        Assert.Equal("no tar here", Text(failed, "build_error_message"));
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new { name = "Bad" })).IsError(400, "invalid_argument", "name");

        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new { name = "too-late" })).IsError(409, "wrong_state");
        (await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes/sbx-none/create-template", new { name = "too-late" })).IsError(404, "not_found");
    }

    [Fact]
    public async Task The_root_of_a_deleted_template_is_kept_as_long_as_something_is_made_of_it()
    {
        RunningBox box = await server.CreateAsync();
        Reply made = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new { name = "kept-for-a-child" });
        string id = Text(made.Data, "template_id");
        await UntilAsync(id, "available");
        TemplateId root = server.Services.GetRequiredService<ITemplates>().Find(id)!.Root;
        string child = Text((await server.ControlAsync(HttpMethod.Post, "/v1/templates", new { name = "the-child", base_template_id = id })).Data, "template_id");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, $"/v1/templates/{id}")).Status);
        (await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { template = id })).IsError(400, "invalid_argument", "template");

        await server.CreateAsync(new { template = child });
        Assert.Contains(root, Roots.List());
        (await server.ControlAsync(HttpMethod.Delete, $"/v1/templates/{child}")).IsError(409, "wrong_state");
    }

    [Fact]
    public async Task The_root_goes_with_its_last_template()
    {
        RunningBox box = await server.CreateAsync();
        Reply made = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/create-template", new { name = "goes-for-good" });
        string id = Text(made.Data, "template_id");
        await UntilAsync(id, "available");
        TemplateId root = server.Services.GetRequiredService<ITemplates>().Find(id)!.Root;
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, $"/v1/templates/{id}")).Status);
        long since = Stopwatch.GetTimestamp();
        while (Roots.List().Contains(root))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60), "the root stays");
            await Task.Delay(5);
        }
    }

    [Theory]
    [InlineData("never-ready-1", "false")]
    [InlineData("never-ready-2", "{\"type\":\"exec\",\"command\":[\"bash\",\"-c\",\"exit 3\"]}")]
    public async Task A_sandbox_counts_as_running_only_once_its_ready_command_holds(string name, string ready)
    {
        await server.ControlAsync(HttpMethod.Post, "/v1/templates", new { name, ready_command = ready });
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { template = name, is_async = true });
        var box = new RunningBox(default, Text(made.Data, "sandbox_id"), "");
        long since = Stopwatch.GetTimestamp();
        while ((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/status")).Data is var seen && Text(seen, "substatus") != "waiting_ready")
        {
            Assert.True(Text(seen, "status") is "created" or "starting" && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), seen.ToString());
            await Task.Delay(5);
        }

        Assert.Equal(202, (await server.ControlAsync(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}")).Status);
    }

    private async Task<JsonElement> UntilAsync(string template, string status)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            JsonElement seen = (await server.ControlAsync(HttpMethod.Get, $"/v1/templates/{template}")).Data;
            if (Text(seen, "status") == status)
            {
                return seen;
            }

            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), seen.ToString());
            await Task.Delay(5);
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
