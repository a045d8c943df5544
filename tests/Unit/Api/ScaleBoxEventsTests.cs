using System.Text.Json;
using Atoll.Control.Tenancy;
using Atoll.Domain.Events;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxEventsTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task What_happened_to_a_sandbox_is_listed_in_order_with_who_and_why_also_when_it_is_gone()
    {
        RunningBox box = await server.CreateAsync(new { name = "told" });
        await server.ControlAsync(HttpMethod.Put, $"/v1/sandboxes/{box.Name}", new { timeout = 4000 });
        await server.ControlAsync(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}?force=true");
        JsonElement[] events = await UntilGoneAsync(box);

        Assert.Equal(
            ["sandbox.created", "sandbox.starting", "sandbox.started", "sandbox.timeout_changed", "sandbox.stopped", "sandbox.terminated", "sandbox.deleted"],
            events.Select(one => one.GetProperty("type").GetString()));
        string me = (await server.ControlAsync(HttpMethod.Get, "/v1/users/me")).Data.GetProperty("user_id").GetString()!;
        Assert.Equal([me, me, "node", me, me, "node", "node"], events.Select(one => one.GetProperty("by").GetString()));
        Assert.Equal(
            [(null, "created"), ("created", "starting"), ("starting", "running"), ("running", "running"), ("running", "terminating"),
                ("terminating", "terminated"), ("terminated", null)],
            events.Select(one => (one.GetProperty("from_status").GetString(), one.GetProperty("to_status").GetString())));
        Assert.Equal(events.Select(Sequence).Order(), events.Select(Sequence));
        Assert.All(events, one =>
        {
            Assert.StartsWith("evt-", one.GetProperty("id").GetString());
            Assert.Equal((box.Name, box.Name, me), (Text(one, "sandbox_id"), Text(one, "resource_id"), Text(one, "owner_user_id")));
            Assert.Equal(("told", "base"), (Text(one.GetProperty("data"), "name"), Text(one.GetProperty("data"), "template_name")));
            Assert.StartsWith("prj-", Text(one, "project_id"));
            Assert.EndsWith("Z", Text(one, "timestamp"));
            Assert.Equal("", Text(one, "reason"));
        });
        (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).IsError(404, "not_found");
    }

    [Fact]
    public async Task The_event_of_a_snapshot_names_it_as_its_own_routes_do()
    {
        RunningBox box = await server.CreateAsync();
        Reply taken = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/snapshots", new { name = "named" });
        string id = taken.Data.GetProperty("snapshot_id").GetString()!;
        await server.ControlAsync(HttpMethod.Delete, $"/v1/snapshots/{id}");

        JsonElement[] events = Events(await ListAsync($"since=0&type=snapshot.*&sandbox_id={box.Name}"));
        Assert.Equal(["snapshot.created", "snapshot.deleted"], events.Select(one => Text(one, "type")));
        Assert.All(events, one => Assert.Equal((id, box.Name), (Text(one, "resource_id"), Text(one, "sandbox_id"))));
        Assert.StartsWith("snp-", id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_of_the_list_put_together_are_the_list_in_either_order()
    {
        await server.CreateAsync();
        await server.CreateAsync();
        long until = (await ListAsync("limit=1")).GetProperty("newest_sequence").GetInt64() + 1;
        long[] whole = [.. Events(await ListAsync($"since=0&limit=500&before={until}")).Select(Sequence)];
        Assert.True(whole.Length >= 6);
        Assert.Equal(whole, await WalkAsync($"before={until}", "since", 0));
        Assert.Equal(whole.Reverse(), await WalkAsync("order=desc", "before", until));
    }

    [Fact]
    public async Task Types_times_and_sandboxes_restrict_the_list()
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();
        Assert.Equal(
            ["sandbox.started"], Events(await ListAsync($"type=sandbox.started&sandbox_id={box.Name}")).Select(one => Text(one, "type")));
        Assert.Equal(2, Events(await ListAsync($"type=sandbox.created,sandbox.started,template.deleted&sandbox_id={other.Name}")).Length);
        Assert.Empty(Events(await ListAsync("type=template.*")));
        Assert.Empty(Events(await ListAsync("end=2020-01-01T00:00:00Z")));
        Assert.Equal(3, Events(await ListAsync($"start=2020-01-01T00:00:00Z&sandbox_id={box.Name}")).Length);
    }

    [Theory]
    [InlineData("/v1/events?type=sandbox.exploded", 400, "invalid_argument", "type")]
    [InlineData("/v1/events?limit=0", 400, "invalid_argument", "limit")]
    [InlineData("/v1/events?limit=501", 400, "invalid_argument", "limit")]
    [InlineData("/v1/events?since=-1", 400, "invalid_argument", "since")]
    [InlineData("/v1/events?before=soon", 400, "invalid_argument", "before")]
    [InlineData("/v1/events?order=up", 400, "invalid_argument", "order")]
    [InlineData("/v1/events?start=noon", 400, "invalid_argument", "start")]
    [InlineData("/v1/events?sandbox_id=nonsense", 404, "not_found", null)]
    [InlineData("/v1/events?sandbox_id=sbx-00000000000000000000000000", 404, "not_found", null)]
    [InlineData("/v1/sandboxes/sbx-00000000000000000000000000/events", 404, "not_found", null)]
    [InlineData("/v1/events/stream?type=nothing", 400, "invalid_argument", "type")]
    [InlineData("/v1/events/stream?since=x", 400, "invalid_argument", "since")]
    [InlineData("/v1/events/stream?sandbox_id=sbx-00000000000000000000000000", 404, "not_found", null)]
    public async Task What_cannot_be_listed_is_refused_by_name(string path, int status, string code, string? field) =>
        (await server.ControlAsync(HttpMethod.Get, path)).IsError(status, code, field);

    [Fact]
    public async Task A_user_sees_only_what_happened_to_its_own_things_and_root_sees_all()
    {
        string key = await server.KeyOfAsync("ann");
        RunningBox roots = await server.CreateAsync();
        Reply mine = await server.AsAsync(key, HttpMethod.Post, "/v1/sandboxes", new { });
        string ann = mine.Data.GetProperty("sandbox_id").GetString()!;

        Assert.Equal([ann], Events((await server.AsAsync(key, HttpMethod.Get, "/v1/events")).Data).Select(one => Text(one, "sandbox_id")).Distinct());
        (await server.AsAsync(key, HttpMethod.Get, $"/v1/sandboxes/{roots.Name}/events")).IsError(404, "not_found");
        (await server.AsAsync(key, HttpMethod.Get, $"/v1/events?sandbox_id={roots.Name}")).IsError(404, "not_found");
        (await server.AsAsync(key, HttpMethod.Get, $"/v1/events/stream?sandbox_id={roots.Name}")).IsError(404, "not_found");
        Assert.Equal(3, Events((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{ann}/events")).Data).Length);

        using EventFollower follower = await EventFollower.OpenAsync(server.Client, key, "/v1/events/stream?since=0");
        await server.CreateAsync();
        await server.AsAsync(key, HttpMethod.Delete, $"/v1/sandboxes/{ann}");
        Assert.Equal([ann], (await follower.UntilAsync("sandbox.deleted")).Skip(1).Select(one => Text(one.Data, "sandbox_id")).Distinct());
    }

    [Fact]
    public async Task A_stream_that_is_broken_off_and_resumed_loses_nothing_and_repeats_nothing_also_over_a_restart()
    {
        List<(string Name, string? Id, JsonElement Data)> seen = [];
        RunningBox box;
        using (EventFollower first = await EventFollower.OpenAsync(server.Client, server.Key))
        {
            box = await server.CreateAsync();
            seen.AddRange((await first.UntilAsync("sandbox.started"))[1..]);
        }

        RunningBox other = await server.CreateAsync();
        using (EventFollower cut = await EventFollower.OpenAsync(server.Client, server.Key, lastEventId: seen[^1].Id))
        {
            seen.AddRange((await cut.UntilAsync("sandbox.starting"))[1..]);
            Task stopping = server.StopAsync();
            List<(string Name, string? Id, JsonElement Data)> last = await cut.UntilAsync("error");
            Assert.Equal("server_stopping", Text(last[^1].Data, "code"));
            seen.AddRange(last[..^1]);
            await stopping;
        }

        await server.StartAsync();
        await server.ControlAsync(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}");
        using EventFollower resumed = await EventFollower.OpenAsync(server.Client, server.Key, lastEventId: seen[^1].Id);
        seen.AddRange((await resumed.UntilAsync("sandbox.deleted"))[1..]);

        long from = long.Parse(seen[0].Id!) - 1;
        JsonElement[] kept = Events(await ListAsync($"since={from}&limit=500&before={long.Parse(seen[^1].Id!) + 1}"));
        Assert.Equal(kept.Select(Sequence), seen.Select(one => long.Parse(one.Id!)));
        Assert.Equal(kept.Select(one => Text(one, "id")), seen.Select(one => Text(one.Data, "id")));
        Assert.Equal(seen.Select(one => one.Name), seen.Select(one => Text(one.Data, "type")));
        Assert.Contains(seen, one => Text(one.Data, "sandbox_id") == other.Name);
    }

    [Fact]
    public async Task A_user_cannot_follow_more_streams_at_once_than_there_may_be()
    {
        string key = await server.KeyOfAsync("eager");
        List<EventFollower> open = [];
        for (int i = 0; i < 32; i++)
        {
            open.Add(await EventFollower.OpenAsync(server.Client, key));
        }

        (await server.AsAsync(key, HttpMethod.Get, "/v1/events/stream")).IsError(429, "rate_limited");
        open.ForEach(one => one.Dispose());
    }

    [Fact]
    public void Every_type_of_event_is_in_the_list_of_types()
    {
        IEnumerable<string?> declared = typeof(EventTypes).GetFields().Select(field => (string?)field.GetRawConstantValue());
        Assert.Equal(declared.Order(), EventTypes.All.Order());
    }

    private async Task<JsonElement[]> UntilGoneAsync(RunningBox box)
    {
        using EventFollower follower = await EventFollower.OpenAsync(server.Client, server.Key, $"/v1/events/stream?since=0&sandbox_id={box.Name}");
        await follower.UntilAsync("sandbox.deleted");
        return Events((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/events?order=asc")).Data);
    }

    private async Task<JsonElement> ListAsync(string query)
    {
        Reply reply = await server.ControlAsync(HttpMethod.Get, $"/v1/events?{query}");
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Data;
    }

    private async Task<List<long>> WalkAsync(string query, string cursor, long start)
    {
        List<long> seen = [];
        long next = start;
        while (true)
        {
            JsonElement page = await ListAsync($"{query}&limit=2&{cursor}={next}");
            seen.AddRange(Events(page).Select(Sequence));
            if (!page.GetProperty("has_more").GetBoolean())
            {
                return seen;
            }

            next = page.GetProperty("next").GetInt64();
        }
    }

    private static JsonElement[] Events(JsonElement data) => [.. data.GetProperty("events").EnumerateArray()];

    private static long Sequence(JsonElement one) => one.GetProperty("sequence").GetInt64();

    private static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();
}
