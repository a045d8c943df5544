using System.Diagnostics;
using System.Text.Json;
using Atoll.Unit.Webhooks;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxWebhooksTests(ScaleBoxWebhooksTests.Lenient lenient) : IClassFixture<ScaleBoxWebhooksTests.Lenient>
{
    private const string Outside = "https://hooks.example.com/atoll?x=1";

    private SimulatedServer Server => lenient.Server;

    [Fact]
    public async Task A_webhook_is_made_with_every_field_that_clients_read_and_its_secret_is_shown_once()
    {
        string key = await Server.KeyOfAsync("whk-made");
        Reply reply = await Server.AsAsync(key, HttpMethod.Post, "/v1/webhooks", new
        {
            url = Outside, event_types = new[] { "sandbox.started", "template.*" }, description = "d", name = "n", timeout_seconds = 15, max_retries = 3,
        });
        Assert.True(reply.Status == 201, reply.Text);
        JsonElement made = reply.Data;
        string id = Text(made, "endpoint_id")!;
        Assert.StartsWith("whk-", id);
        Assert.StartsWith("whsec_", Text(made, "secret"));
        Assert.Equal(32, Convert.FromBase64String(Text(made, "secret")!["whsec_".Length..]).Length);

        JsonElement got = (await Server.AsAsync(key, HttpMethod.Get, $"/v1/webhooks/{id}")).Data;
        JsonElement listed = Assert.Single((await Server.AsAsync(key, HttpMethod.Get, "/v1/webhooks")).Data.GetProperty("webhooks").EnumerateArray());
        foreach (JsonElement one in new[] { made, got, listed })
        {
            Assert.Equal((id, id, Outside, "n", "d"), (Text(one, "endpoint_id"), Text(one, "webhook_id"), Text(one, "url"), Text(one, "name"), Text(one, "description")));
            Assert.Equal(["sandbox.started", "template.*"], one.GetProperty("event_types").EnumerateArray().Select(word => word.GetString()));
            Assert.Equal(one.GetProperty("event_types").ToString(), one.GetProperty("events").ToString());
            Assert.Equal((true, 15, 3, "user"), (one.GetProperty("is_active").GetBoolean(), Number(one, "timeout_seconds"), Number(one, "max_retries"), Text(one, "scope")));
            Assert.Equal((0, 0, 0), (Number(one, "total_deliveries"), Number(one, "successful_deliveries"), Number(one, "failed_deliveries")));
            Assert.StartsWith("usr-", Text(one, "user_id"));
            Assert.StartsWith("acc-", Text(one, "account_id"));
            Assert.EndsWith("Z", Text(one, "created_at"));
            Assert.EndsWith("Z", Text(one, "updated_at"));
            Assert.All(["last_delivery_at", "last_success_at", "last_failure_at", "failing_since", "disabled_reason"], name => Assert.Null(Text(one, name)));
        }

        Assert.False(got.TryGetProperty("secret", out _));
        Assert.False(listed.TryGetProperty("secret", out _));
    }

    [Fact]
    public async Task A_webhook_is_changed_given_another_secret_and_deleted()
    {
        string id = await MakeAsync(Outside);
        JsonElement changed = (await Server.ControlAsync(HttpMethod.Put, $"/v1/webhooks/{id}", new { url = Outside + "2", events = new[] { "*" }, is_active = false, name = "other" })).Data;
        Assert.Equal((Outside + "2", false, "other"), (Text(changed, "url"), changed.GetProperty("is_active").GetBoolean(), Text(changed, "name")));
        Assert.Equal(["*"], changed.GetProperty("event_types").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal("kept", Text(changed, "description"));

        string? first = Text((await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate-secret")).Data, "secret");
        string? second = Text((await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate-secret")).Data, "secret");
        Assert.StartsWith("whsec_", first);
        Assert.NotEqual(first, second);

        (await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test")).IsError(409, "wrong_state");
        Assert.Equal(id, Text((await Server.ControlAsync(HttpMethod.Delete, $"/v1/webhooks/{id}")).Data, "endpoint_id"));
        foreach ((HttpMethod method, string path) in RoutesOf(id))
        {
            (await Server.ControlAsync(method, path, method == HttpMethod.Put ? new { name = "x" } : null)).IsError(404, "not_found");
        }
    }

    [Fact]
    public async Task Another_users_webhook_is_not_there()
    {
        string id = await MakeAsync(Outside);
        string key = await Server.KeyOfAsync("whk-other");
        foreach ((HttpMethod method, string path) in RoutesOf(id))
        {
            (await Server.AsAsync(key, method, path, method == HttpMethod.Put ? new { name = "x" } : null)).IsError(404, "not_found");
        }

        Assert.Empty((await Server.AsAsync(key, HttpMethod.Get, "/v1/webhooks")).Data.GetProperty("webhooks").EnumerateArray());
        (await Server.AsAsync(key, HttpMethod.Post, "/v1/webhooks", new { url = Outside, event_types = new[] { "*" }, scope = "account" })).IsError(403, "forbidden", "scope");
        Assert.Equal(200, (await Server.ControlAsync(HttpMethod.Get, $"/v1/webhooks/{id}")).Status);
    }

    [Theory]
    [InlineData("""{"event_types":["*"]}""", "url")]
    [InlineData("""{"url":"/hook","event_types":["*"]}""", "url")]
    [InlineData("""{"url":"ftp://example.com/","event_types":["*"]}""", "url")]
    [InlineData("""{"url":"https://user:word@example.com/","event_types":["*"]}""", "url")]
    [InlineData("""{"url":"https://example.com/#part","event_types":["*"]}""", "url")]
    [InlineData("""{"url":7,"event_types":["*"]}""", "url")]
    [InlineData("""{"url":"https://example.com/"}""", "event_types")]
    [InlineData("""{"url":"https://example.com/","event_types":[]}""", "event_types")]
    [InlineData("""{"url":"https://example.com/","event_types":["sandbox.exploded"]}""", "event_types")]
    [InlineData("""{"url":"https://example.com/","event_types":"sandbox.started"}""", "event_types")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"name":""}""", "name")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"timeout_seconds":4}""", "timeout_seconds")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"timeout_seconds":31}""", "timeout_seconds")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"max_retries":-1}""", "max_retries")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"max_retries":33}""", "max_retries")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"scope":"world"}""", "scope")]
    [InlineData("""{"url":"https://example.com/","event_types":["*"],"is_active":"yes"}""", "is_active")]
    public async Task A_webhook_that_cannot_be_is_refused_by_name(string body, string field) =>
        (await Server.ControlAsync(HttpMethod.Post, "/v1/webhooks", JsonDocument.Parse(body).RootElement)).IsError(400, "invalid_argument", field);

    [Fact]
    public async Task A_user_has_at_most_so_many()
    {
        string key = await Server.KeyOfAsync("whk-many");
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(201, (await Server.AsAsync(key, HttpMethod.Post, "/v1/webhooks", new { url = Outside, event_types = new[] { "*" } })).Status);
        }

        Reply reply = await Server.AsAsync(key, HttpMethod.Post, "/v1/webhooks", new { url = Outside, event_types = new[] { "*" } });
        reply.IsError(reply.Status, "quota_exceeded");
        JsonElement page = (await Server.AsAsync(key, HttpMethod.Get, "/v1/webhooks?limit=7&page=3")).Data;
        Assert.Equal(6, page.GetProperty("webhooks").GetArrayLength());
        Assert.Equal((20, 3), (Number(page.GetProperty("pagination"), "total"), Number(page.GetProperty("pagination"), "total_pages")));
    }

    [Fact]
    public async Task What_happens_to_a_sandbox_is_delivered_as_the_contract_says_and_can_be_delivered_again()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        string id = await MakeAsync(receiver.Url, "sandbox.created", "sandbox.started");
        RunningBox box = await Server.CreateAsync(new { name = "watched" });
        WebhookReceiver.Received created = await OfAsync(receiver, "sandbox.created", box);
        WebhookReceiver.Received started = await OfAsync(receiver, "sandbox.started", box);
        JsonElement body = started.Json;
        Assert.Equal(["id", "type", "timestamp", "data"], body.EnumerateObject().Select(field => field.Name));
        Assert.Equal(started.Id, Text(body, "id"));
        JsonElement data = body.GetProperty("data");
        Assert.Equal(
            (box.Name, box.Name, "running", "starting", "node"),
            (Text(data, "sandbox_id"), Text(data, "resource_id"), Text(data, "status"), Text(data, "previous_status"), Text(data, "by")));
        Assert.Equal("watched", Text(data.GetProperty("details"), "name"));
        Assert.True(data.GetProperty("sequence").GetInt64() > created.Json.GetProperty("data").GetProperty("sequence").GetInt64());

        JsonElement done = (await UntilDeliveredAsync(id)).Single(one => Text(one, "event_id") == started.Id);
        string delivery = Text(done, "delivery_id")!;
        Assert.Equal((started.Headers["x-atoll-delivery"], "sandbox.started", id), (delivery, Text(done, "event_type"), Text(done, "endpoint_id")));
        Assert.Equal((200, 200, 1, 1, 33), (Number(done, "http_status_code"), Number(done, "status_code"), Number(done, "attempt_number"), Number(done, "attempt"), Number(done, "max_attempts")));
        Assert.All(["error", "error_message", "next_retry_at", "next_attempt_at", "failed_at", "redelivery_of"], name => Assert.Null(Text(done, name)));
        Assert.All(["delivered_at", "last_attempt_at", "created_at"], name => Assert.EndsWith("Z", Text(done, name)));
        Assert.True(Number(done, "duration_ms") >= 0);

        Reply again = await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/deliveries/{delivery}/redeliver");
        Assert.Equal((202, delivery, "pending"), (again.Status, Text(again.Data, "redelivery_of"), Text(again.Data, "status")));
        WebhookReceiver.Received repeated = await receiver.NextAsync("sandbox.started");
        Assert.Equal((started.Id, Text(again.Data, "delivery_id")), (repeated.Id, repeated.Headers["x-atoll-delivery"]));
        Assert.Equal(started.Body, repeated.Body);
        (await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/deliveries/whd-none/redeliver")).IsError(404, "not_found");
    }

    [Fact]
    public async Task A_test_delivers_an_event_of_its_own()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        string id = await MakeAsync(receiver.Url, "template.deleted");
        Reply reply = await Server.ControlAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test");
        Assert.Equal((202, "webhook.test"), (reply.Status, Text(reply.Data, "event_type")));
        WebhookReceiver.Received one = await receiver.NextAsync();
        Assert.Equal(("webhook.test", id), (Text(one.Json, "type"), Text(one.Json.GetProperty("data"), "resource_id")));
        Assert.Equal("delivered", Text(Assert.Single(await UntilDeliveredAsync(id)), "status"));
        Assert.Equal(1, Number((await Server.ControlAsync(HttpMethod.Get, $"/v1/webhooks/{id}")).Data, "successful_deliveries"));
        (await Server.ControlAsync(HttpMethod.Get, $"/v1/webhooks/{id}/deliveries?limit=201")).IsError(400, "invalid_argument", "limit");
    }

    private async Task<string> MakeAsync(string url, params string[] types)
    {
        Reply reply = await Server.ControlAsync(
            HttpMethod.Post, "/v1/webhooks", new { url, event_types = types.Length > 0 ? types : ["template.deleted"], description = "kept" });
        Assert.True(reply.Status == 201, reply.Text);
        return Text(reply.Data, "endpoint_id")!;
    }

    private static async Task<WebhookReceiver.Received> OfAsync(WebhookReceiver receiver, string type, RunningBox box)
    {
        while (true)
        {
            WebhookReceiver.Received next = await receiver.NextAsync(type);
            if (Text(next.Json.GetProperty("data"), "sandbox_id") == box.Name)
            {
                return next;
            }
        }
    }

    private async Task<JsonElement[]> UntilDeliveredAsync(string id)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            Reply reply = await Server.ControlAsync(HttpMethod.Get, $"/v1/webhooks/{id}/deliveries");
            JsonElement[] all = [.. reply.Data.GetProperty("deliveries").EnumerateArray()];
            if (all.All(one => Text(one, "status") == "delivered"))
            {
                return all;
            }

            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), reply.Text);
            await Task.Delay(5);
        }
    }

    private static (HttpMethod Method, string Path)[] RoutesOf(string id) =>
    [
        (HttpMethod.Get, $"/v1/webhooks/{id}"), (HttpMethod.Put, $"/v1/webhooks/{id}"), (HttpMethod.Post, $"/v1/webhooks/{id}/rotate-secret"),
        (HttpMethod.Get, $"/v1/webhooks/{id}/deliveries"), (HttpMethod.Post, $"/v1/webhooks/{id}/test"),
        (HttpMethod.Post, $"/v1/webhooks/{id}/deliveries/whd-1/redeliver"), (HttpMethod.Delete, $"/v1/webhooks/{id}"),
    ];

    private static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();

    private static int Number(JsonElement one, string name) => one.GetProperty(name).GetInt32();

    /// <summary>A server whose webhooks may lead to this machine, where the tests listen.</summary>
    public sealed class Lenient : IAsyncLifetime
    {
        internal SimulatedServer Server { get; } = new() { Shape = options => options with { WebhooksAllowPrivate = true } };

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
