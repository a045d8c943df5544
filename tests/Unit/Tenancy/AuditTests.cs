using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Control.Stores;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Tenancy;

public sealed class AuditTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task A_call_that_changes_something_is_remembered_with_who_what_and_how_it_ended()
    {
        (User user, string key) = await server.UserAsync("actor");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/projects/prj-none") { Content = JsonContent.Create(new { name = "secret name" }) };
        request.Headers.Add("X-API-Key", key);
        request.Headers.Add("X-Request-Id", "req-audit-1");
        request.Headers.Add("Idempotency-Key", "audit-1");
        Assert.Equal(404, (int)(await server.Client.SendAsync(request)).StatusCode);
        await server.ControlAsync(HttpMethod.Get, "/v1/projects", key: key);

        JsonElement entry = Assert.Single(await UntilAsync($"user_id={user.Id}", 1));

        Assert.Equal("PUT /v1/projects/{project_id}", Text(entry, "action"));
        Assert.Equal(("PUT", "/v1/projects/{project_id}", "prj-none"), (Text(entry, "method"), Text(entry, "route"), Text(entry, "resource_id")));
        Assert.Equal((404, "req-audit-1", true), (entry.GetProperty("status_code").GetInt32(), Text(entry, "request_id"), entry.GetProperty("idempotency_key").GetBoolean()));
        Assert.StartsWith("key-", Text(entry, "key_id"), StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", Text(entry, "remote_address"));
        Assert.True(entry.GetProperty("duration_ms").GetDouble() > 0);
        Assert.DoesNotContain("secret name", entry.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_found_by_target_and_time_and_refusals_are_in_it()
    {
        string viewer = await server.KeyOfAsync("refused", Role.Viewer);
        RunningBox box = await server.CreateAsync();
        DateTime before = DateTime.UtcNow.AddDays(-1), after = DateTime.UtcNow.AddDays(1);
        Assert.Equal(403, (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/exec", new { command = "id" }, viewer)).Status);

        JsonElement entry = Assert.Single(await UntilAsync($"target={box.Name}&since={before:O}&until={after:O}", 1));

        Assert.Equal((403, "POST"), (entry.GetProperty("status_code").GetInt32(), Text(entry, "method")));
        Assert.Empty(await ListAsync($"target={box.Name}&since={after:O}"));
        Assert.Empty(await ListAsync($"target={box.Name}&until={before:O}"));
        (await server.ControlAsync(HttpMethod.Get, "/v1/audit-log?since=yesterday")).IsError(400, "invalid_argument", "since");
    }

    [Fact]
    public async Task Only_who_manages_others_reads_it()
    {
        (await server.ControlAsync(HttpMethod.Get, "/v1/audit-log", key: await server.KeyOfAsync("nobody"))).IsError(403, "forbidden");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Get, "/v1/audit-log", key: await server.KeyOfAsync("auditor", Role.Admin))).Status);
    }

    [Fact]
    public async Task An_orderly_stop_loses_no_entry()
    {
        var own = new SimulatedServer();
        await own.InitializeAsync();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => own.ControlAsync(HttpMethod.Delete, $"/v1/projects/prj-{i}")));
            await own.StopAsync();
            await own.StartAsync();

            JsonElement data = (await own.ControlAsync(HttpMethod.Get, "/v1/audit-log?action=DELETE%20/v1/projects/%7Bproject_id%7D")).Data;
            Assert.Equal(100, data.GetProperty("pagination").GetProperty("total").GetInt32());
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    [Fact]
    public async Task It_is_kept_for_so_many_days_and_entries()
    {
        string directory = Directory.CreateTempSubdirectory("atoll-audit-").FullName;
        await using (var database = new Database(Path.Combine(directory, "atoll.db")))
        {
            database.Open();
            var store = new AuditStore(database);
            DateTimeOffset start = DateTimeOffset.UnixEpoch;
            await store.AppendAsync([.. Enumerable.Range(0, 10).Select(day => Entry(start.AddDays(day)))]);

            await store.PruneAsync(start.AddDays(4), most: 100);
            Assert.Equal(6, store.List(new AuditFilter()).Total);
            await store.PruneAsync(start.AddDays(4), most: 2);
            Assert.Equal([start.AddDays(9), start.AddDays(8)], store.List(new AuditFilter()).Entries.Select(entry => entry.At));
        }

        Directory.Delete(directory, recursive: true);
    }

    private static AuditEntry Entry(DateTimeOffset at) => new()
    {
        At = at, User = new UserId("usr-1"), Method = "POST", Route = "/v1/projects", Status = 201, Duration = TimeSpan.FromMilliseconds(1), RequestId = "req-1",
    };

    private static string? Text(JsonElement entry, string field) => entry.GetProperty(field).GetString();

    /// <summary>Entries are stored soon after their call: waits until there are so many.</summary>
    private async Task<JsonElement[]> UntilAsync(string query, int count)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            JsonElement[] entries = await ListAsync(query);
            if (entries.Length >= count)
            {
                return entries;
            }

            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), $"no {count} entries for {query}");
            await Task.Delay(10);
        }
    }

    private async Task<JsonElement[]> ListAsync(string query) =>
        [.. (await server.ControlAsync(HttpMethod.Get, $"/v1/audit-log?{query}")).Data.GetProperty("entries").EnumerateArray()];
}
