using System.Text.Json;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>The routes of usage, against the whole server.</summary>
public sealed class ScaleBoxUsageTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private static readonly string[] Totals =
    [
        "total_sessions", "active_sessions", "failed_sessions", "total_seconds", "total_hours", "cpu_hours", "memory_gb_hours", "storage_gb_hours",
    ];

    [Fact]
    public async Task A_summary_has_totals_by_template_and_project_over_thirty_days_when_nothing_else_is_said()
    {
        RunningBox box = await server.CreateAsync(new { cpu_count = 2, memory_mb = 512, storage_gb = 3 });
        JsonElement summary = await GetAsync($"summary?sandbox_id={box.Name}");

        Assert.Equal(["start", "end", .. Totals, "by_template", "by_project"], Names(summary));
        Assert.Equal((1, 1, 0), (Int(summary, "total_sessions"), Int(summary, "active_sessions"), Int(summary, "failed_sessions")));
        Assert.Equal(TimeSpan.FromDays(30), summary.GetProperty("end").GetDateTime() - summary.GetProperty("start").GetDateTime());
        JsonElement template = Assert.Single(summary.GetProperty("by_template").EnumerateArray());
        JsonElement project = Assert.Single(summary.GetProperty("by_project").EnumerateArray());
        Assert.Equal(["key", "name", .. Totals], Names(template));
        Assert.Equal("base", Text(template, "name"));
        Assert.StartsWith("tpl-", Text(template, "key"));
        Assert.StartsWith("prj-", Text(project, "key"));
        Assert.Equal(0, Int(await GetAsync($"summary?sandbox_id={box.Name}&end=2020-01-01T00:00:00Z"), "total_sessions"));
    }

    [Fact]
    public async Task Hours_are_multiplied_by_what_a_sandbox_has()
    {
        RunningBox box = await server.CreateAsync(new { cpu_count = 2, memory_mb = 512, storage_gb = 3 });
        await EndAsync(box);
        JsonElement session = Assert.Single((await GetAsync($"sessions?sandbox_id={box.Name}")).GetProperty("sessions").EnumerateArray());
        JsonElement summary = await GetAsync($"summary?sandbox_id={box.Name}");

        double hours = session.GetProperty("duration_seconds").GetDouble() / 3600;
        Assert.Equal(session.GetProperty("duration_seconds").GetDouble(), summary.GetProperty("total_seconds").GetDouble());
        foreach ((string field, double factor) in new[] { ("total_hours", 1), ("cpu_hours", 2), ("memory_gb_hours", 0.5), ("storage_gb_hours", 3) })
        {
            Assert.Equal(hours * factor, summary.GetProperty(field).GetDouble(), 0.000001);
        }
    }

    [Fact]
    public async Task Each_running_phase_is_a_session_also_when_the_sandbox_is_gone()
    {
        RunningBox box = await server.CreateAsync(new { name = "used", cpu_count = 1, memory_mb = 512, storage_gb = 2 });
        JsonElement going = Assert.Single((await GetAsync($"sessions?sandbox_id={box.Name}")).GetProperty("sessions").EnumerateArray());
        Assert.Equal(("active", JsonValueKind.Null, JsonValueKind.Null), (Text(going, "status"), going.GetProperty("ended_at").ValueKind, going.GetProperty("end_event").ValueKind));
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/pause");
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/resume");
        await server.ControlAsync(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}");
        await GoneAsync(box);

        JsonElement page = await GetAsync($"sessions?sandbox_id={box.Name}");
        Assert.Equal(["sessions", "pagination"], Names(page));
        JsonElement[] sessions = [.. page.GetProperty("sessions").EnumerateArray()];
        Assert.Equal(
            [("sandbox.resumed", "sandbox.stopped"), ("sandbox.started", "sandbox.paused")],
            sessions.Select(session => (Text(session, "start_event"), Text(session, "end_event"))));
        string me = Text((await server.ControlAsync(HttpMethod.Get, "/v1/users/me")).Data, "user_id");
        Assert.All(sessions, session =>
        {
            Assert.Equal(
                ["session_id", "sandbox_id", "name", "owner_user_id", "project_id", "template_id", "template_name", "cpu_count", "memory_mb", "storage_gb",
                    "started_at", "ended_at", "duration_seconds", "status", "start_event", "end_event"],
                Names(session));
            Assert.StartsWith("ses-", Text(session, "session_id"));
            Assert.Equal((box.Name, "used", me, "base", "ended"), (
                Text(session, "sandbox_id"), Text(session, "name"), Text(session, "owner_user_id"), Text(session, "template_name"), Text(session, "status")));
            Assert.Equal((1, 512, 2), (Int(session, "cpu_count"), Int(session, "memory_mb"), Int(session, "storage_gb")));
            Assert.Equal(
                (session.GetProperty("ended_at").GetDateTime() - session.GetProperty("started_at").GetDateTime()).TotalSeconds,
                session.GetProperty("duration_seconds").GetDouble());
        });
        JsonElement second = await GetAsync($"sessions?sandbox_id={box.Name}&limit=1&page=2");
        Assert.Equal(Text(sessions[1], "session_id"), Text(Assert.Single(second.GetProperty("sessions").EnumerateArray()), "session_id"));
        Assert.Equal((2, 1, 2, 2), (Paged(second, "page"), Paged(second, "limit"), Paged(second, "total"), Paged(second, "total_pages")));
    }

    [Fact]
    public async Task Events_are_what_began_and_ended_phases_and_the_same_that_are_told_of_the_sandbox()
    {
        RunningBox box = await server.CreateAsync();
        await EndAsync(box);

        JsonElement page = await GetAsync($"events?sandbox_id={box.Name}");
        JsonElement[] events = [.. page.GetProperty("events").EnumerateArray()];
        Assert.Equal(["sandbox.stopped", "sandbox.started"], events.Select(one => Text(one, "type")));
        Assert.All(events, one => Assert.Equal(
            ["id", "type", "timestamp", "session_id", "sandbox_id", "name", "owner_user_id", "project_id"], Names(one)));
        Assert.Equal(Text(events[0], "session_id"), Text(events[1], "session_id"));
        JsonElement told = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/events?type=sandbox.started,sandbox.stopped")).Data;
        Assert.Equal(
            told.GetProperty("events").EnumerateArray().Select(one => (Text(one, "id"), one.GetProperty("timestamp").GetDateTime())),
            events.Select(one => (Text(one, "id"), one.GetProperty("timestamp").GetDateTime())));
        JsonElement one = await GetAsync($"events?sandbox_id={box.Name}&type=sandbox.started");
        Assert.Equal(("sandbox.started", 1), (Text(Assert.Single(one.GetProperty("events").EnumerateArray()), "type"), Paged(one, "total")));
    }

    [Fact]
    public async Task A_chart_has_every_day_or_hour_of_its_span_and_its_parts_are_the_whole()
    {
        RunningBox box = await server.CreateAsync();
        await EndAsync(box);
        string start = DateTime.UtcNow.Date.AddDays(-2).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"), end = DateTime.UtcNow.Date.AddDays(2).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        string span = $"sandbox_id={box.Name}&start={start}&end={end}";
        double whole = (await GetAsync($"summary?{span}")).GetProperty("total_seconds").GetDouble();

        foreach ((string by, int? count) in new[] { ("day", (int?)4), ("hour", 96), ("template", 1), ("project", 1) })
        {
            JsonElement chart = await GetAsync($"analytics?{span}&group_by={by}");
            Assert.Equal(["start", "end", "group_by", "groups"], Names(chart));
            Assert.Equal(by, Text(chart, "group_by"));
            JsonElement[] groups = [.. chart.GetProperty("groups").EnumerateArray()];
            Assert.Equal(count, groups.Length);
            Assert.Equal(whole, groups.Sum(group => group.GetProperty("total_seconds").GetDouble()), 0.0001);
            Assert.All(groups, group => Assert.Equal(["key", "name", .. Totals], Names(group)));
            if (by is "day" or "hour")
            {
                Assert.Equal(start, Text(groups[0], "key"));
            }
        }

        Assert.Equal("day", Text(await GetAsync("analytics"), "group_by"));
    }

    [Theory]
    [InlineData("start=noon", 400, "invalid_argument", "start")]
    [InlineData("end=soon", 400, "invalid_argument", "end")]
    [InlineData("start=2030-01-02T00:00:00Z&end=2030-01-01T00:00:00Z", 400, "invalid_argument", "start")]
    [InlineData("sandbox_id=nonsense", 404, "not_found", null)]
    [InlineData("sandbox_id=sbx-00000000000000000000000000", 404, "not_found", null)]
    [InlineData("project_id=prj-none", 404, "not_found", null)]
    public async Task A_span_that_is_none_is_refused_by_name_on_every_route(string query, int status, string code, string? field)
    {
        foreach (string kind in new[] { "summary", "analytics", "sessions", "events" })
        {
            (await server.ControlAsync(HttpMethod.Get, $"/v1/usage/{kind}?{query}")).IsError(status, code, field);
        }
    }

    [Theory]
    [InlineData("analytics?group_by=week", "group_by")]
    [InlineData("analytics?start=2024-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", "start")]
    [InlineData("analytics?group_by=hour&start=2026-01-01T00:00:00Z&end=2026-02-02T00:00:00Z", "start")]
    [InlineData("sessions?limit=0", "limit")]
    [InlineData("sessions?page=0", "page")]
    [InlineData("events?limit=501", "limit")]
    [InlineData("events?type=sandbox.exploded", "type")]
    public async Task What_cannot_be_answered_is_refused_by_name(string path, string field) =>
        (await server.ControlAsync(HttpMethod.Get, $"/v1/usage/{path}")).IsError(400, "invalid_argument", field);

    [Fact]
    public async Task A_user_is_told_of_its_own_use_only_and_root_of_everybodys()
    {
        string key = await server.KeyOfAsync("uma");
        RunningBox roots = await server.CreateAsync();
        string umas = Text((await server.AsAsync(key, HttpMethod.Post, "/v1/sandboxes", new { })).Data, "sandbox_id");
        string project = Text(Assert.Single((await server.ControlAsync(HttpMethod.Get, $"/v1/usage/sessions?sandbox_id={roots.Name}"))
            .Data.GetProperty("sessions").EnumerateArray()), "project_id");

        foreach (string kind in new[] { "summary", "analytics", "sessions", "events" })
        {
            (await server.AsAsync(key, HttpMethod.Get, $"/v1/usage/{kind}?sandbox_id={roots.Name}")).IsError(404, "not_found");
            (await server.AsAsync(key, HttpMethod.Get, $"/v1/usage/{kind}?project_id={project}")).IsError(404, "not_found");
            Assert.Equal(200, (await server.ControlAsync(HttpMethod.Get, $"/v1/usage/{kind}?sandbox_id={umas}")).Status);
        }

        JsonElement own = (await server.AsAsync(key, HttpMethod.Get, "/v1/usage/sessions")).Data;
        Assert.Equal([umas], own.GetProperty("sessions").EnumerateArray().Select(session => Text(session, "sandbox_id")));
        Assert.Equal(1, Int((await server.AsAsync(key, HttpMethod.Get, "/v1/usage/summary")).Data, "total_sessions"));
        Assert.Equal(401, (await server.AsAsync("sk-none", HttpMethod.Get, "/v1/usage/summary")).Status);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        Reply reply = await server.ControlAsync(HttpMethod.Get, $"/v1/usage/{path}");
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Data;
    }

    private async Task EndAsync(RunningBox box)
    {
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");
    }

    private async Task GoneAsync(RunningBox box)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Status != 404)
        {
            await Task.Delay(5, bound.Token);
        }
    }

    private static string[] Names(JsonElement one) => [.. one.EnumerateObject().Select(field => field.Name)];

    private static string Text(JsonElement one, string field) => one.GetProperty(field).GetString()!;

    private static int Int(JsonElement one, string field) => one.GetProperty(field).GetInt32();

    private static int Paged(JsonElement page, string field) => page.GetProperty("pagination").GetProperty(field).GetInt32();
}
