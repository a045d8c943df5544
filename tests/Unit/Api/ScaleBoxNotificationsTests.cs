using System.Text.Json;
using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxNotificationsTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private static readonly HttpMethod Patch = HttpMethod.Patch;

    [Fact]
    public async Task What_happened_is_told_with_every_field_that_clients_read()
    {
        User user = await UserAsync("told", 0);
        await HappenAsync(user, EventTypes.TemplateImportFailed, "tpl-1", "no such image");
        JsonElement page = (await AsAsync(user, HttpMethod.Get, "")).Data;
        JsonElement one = Assert.Single(page.GetProperty("notifications").EnumerateArray());

        Assert.Equal((1, 1), (page.GetProperty("unread_count").GetInt32(), page.GetProperty("pagination").GetProperty("total").GetInt32()));
        Assert.StartsWith("ntf-", Text(one, "id"));
        Assert.Equal(Text(one, "id"), Text(one, "notification_id"));
        Assert.Equal((user.Id.Value, "template_import_failed", "template"), (Text(one, "user_id"), Text(one, "type"), Text(one, "category")));
        Assert.Equal(("high", "unread", false), (Text(one, "priority"), Text(one, "status"), one.GetProperty("is_read").GetBoolean()));
        Assert.Equal(("Template not imported", "Template 'thing' could not be imported: no such image"), (Text(one, "title"), Text(one, "message")));
        Assert.Equal(("template", "tpl-1"), (Text(one, "related_entity_type"), Text(one, "related_entity_id")));
        Assert.Equal(("template", "tpl-1"), (Text(one, "resource_type"), Text(one, "resource_id")));
        Assert.Equal(JsonValueKind.Null, one.GetProperty("read_at").ValueKind);
        Assert.EndsWith("Z", Text(one, "created_at"));
        Assert.Equal(Text(one, "id"), Text((await AsAsync(user, HttpMethod.Get, "/" + Text(one, "id"))).Data, "id"));
    }

    [Fact]
    public async Task One_is_marked_and_deleted_by_its_id()
    {
        User user = await UserAsync("one", 1);
        string id = (await IdsAsync(user))[0];
        JsonElement read = (await AsAsync(user, Patch, $"/{id}/read")).Data;
        Assert.Equal((true, "read"), (read.GetProperty("is_read").GetBoolean(), Text(read, "status")));
        Assert.Equal(Text(read, "read_at"), Text((await AsAsync(user, Patch, $"/{id}/read")).Data, "read_at"));
        Assert.Equal(0, await UnreadAsync(user));
        Assert.False((await AsAsync(user, Patch, $"/{id}/unread")).Data.GetProperty("is_read").GetBoolean());
        Assert.Equal(1, await UnreadAsync(user));
        Assert.Equal(200, (await AsAsync(user, HttpMethod.Delete, $"/{id}")).Status);
        (await AsAsync(user, HttpMethod.Get, $"/{id}")).IsError(404, "not_found");
        (await AsAsync(user, HttpMethod.Delete, $"/{id}")).IsError(404, "not_found");
        (await AsAsync(user, Patch, $"/{id}/read")).IsError(404, "not_found");
    }

    [Fact]
    public async Task Several_are_changed_at_once_and_those_that_are_not_there_are_said()
    {
        User user = await UserAsync("several", 4);
        string[] ids = await IdsAsync(user);
        JsonElement done = (await AsAsync(user, Patch, "/bulk-read", new { notification_ids = new[] { ids[0], "ntf-none", ids[1], ids[0] } })).Data;
        Assert.Equal((3, 2, 1), (Number(done, "processed"), Number(done, "successful"), Number(done, "failed")));
        Assert.Equal([ids[0], ids[1]], Texts(done.GetProperty("details"), "successful_ids"));
        Assert.Equal(["ntf-none"], Texts(done.GetProperty("details"), "failed_ids"));
        Assert.Equal(ids[..2], await IdsAsync(user, "?read=true"));
        Assert.Equal(ids[2..], await IdsAsync(user, "?status=unread"));

        Assert.Equal(1, Number((await AsAsync(user, Patch, "/bulk-unread", new { notification_ids = new[] { ids[1] } })).Data, "successful"));
        Assert.Equal(2, Number((await AsAsync(user, HttpMethod.Post, "/bulk-delete", new { notification_ids = ids[..2] })).Data, "successful"));
        Assert.Equal(1, Number((await AsAsync(user, HttpMethod.Delete, "/bulk-delete", new { notification_ids = ids[2..3] })).Data, "successful"));
        Assert.Equal(ids[3..], await IdsAsync(user));
    }

    [Fact]
    public async Task All_are_changed_at_once()
    {
        User user = await UserAsync("all", 3);
        await AsAsync(user, Patch, $"/{(await IdsAsync(user))[0]}/read");
        JsonElement read = (await AsAsync(user, Patch, "/read-all")).Data;
        Assert.Equal((2, 2, 0), (Number(read, "processed"), Number(read, "unread_before"), Number(read, "unread_after")));
        JsonElement unread = (await AsAsync(user, Patch, "/unread-all")).Data;
        Assert.Equal((3, 0, 3), (Number(unread, "processed"), Number(unread, "unread_before"), Number(unread, "unread_after")));
        Assert.Equal(3, Number((await AsAsync(user, HttpMethod.Delete, "")).Data, "processed"));
        Assert.Empty(await IdsAsync(user));
    }

    [Fact]
    public async Task The_newest_come_first_page_by_page_and_by_type_or_category()
    {
        User user = await UserAsync("pages", 5);
        await HappenAsync(user, EventTypes.QuotaRequestDecided, "qtr-1", "", ("status", "approved"));
        string[] ids = await IdsAsync(user);
        Assert.Equal(6, ids.Length);
        Assert.Equal(ids[2..4], await IdsAsync(user, "?limit=2&page=2"));
        Assert.Equal(ids[4..], await IdsAsync(user, "?limit=4&offset=4"));
        Assert.Equal(ids[..1], await IdsAsync(user, "?type=quota_request_decided"));
        Assert.Equal(ids[..1], await IdsAsync(user, "?type=quota"));
        Assert.Equal(ids[1..], await IdsAsync(user, "?type=template"));
        JsonElement pagination = (await AsAsync(user, HttpMethod.Get, "?limit=4")).Data.GetProperty("pagination");
        Assert.Equal((1, 4, 6, 2), (Number(pagination, "page"), Number(pagination, "limit"), Number(pagination, "total"), Number(pagination, "total_pages")));
    }

    [Fact]
    public async Task Another_users_notification_is_not_there()
    {
        User user = await UserAsync("mine", 1);
        User other = await UserAsync("other", 0);
        string id = (await IdsAsync(user))[0];
        (await AsAsync(other, HttpMethod.Get, $"/{id}")).IsError(404, "not_found");
        (await AsAsync(other, Patch, $"/{id}/read")).IsError(404, "not_found");
        (await AsAsync(other, HttpMethod.Delete, $"/{id}")).IsError(404, "not_found");
        Assert.Equal(0, Number((await AsAsync(other, HttpMethod.Post, "/bulk-delete", new { notification_ids = new[] { id } })).Data, "successful"));
        await AsAsync(other, HttpMethod.Delete, "");
        Assert.Equal([id], await IdsAsync(user));
    }

    [Theory]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?read=maybe", "read")]
    [InlineData("?status=new", "status")]
    public async Task A_list_that_cannot_be_is_refused_by_name(string query, string field) =>
        (await server.ControlAsync(HttpMethod.Get, $"/v1/notifications{query}")).IsError(400, "invalid_argument", field);

    [Theory]
    [InlineData("""{}""", "notification_ids")]
    [InlineData("""{"notification_ids":[]}""", "notification_ids")]
    [InlineData("""{"notification_ids":"ntf-1"}""", "notification_ids")]
    [InlineData("""{"notification_ids":[7]}""", "notification_ids[0]")]
    public async Task Ids_that_are_none_are_refused_by_name(string body, string field)
    {
        JsonElement json = JsonDocument.Parse(body).RootElement;
        (await server.ControlAsync(Patch, "/v1/notifications/bulk-read", json)).IsError(400, "invalid_argument", field);
        (await server.ControlAsync(HttpMethod.Post, "/v1/notifications/bulk-delete", json)).IsError(400, "invalid_argument", field);
    }

    [Fact]
    public async Task More_ids_than_there_may_be_are_refused()
    {
        string[] ids = [.. Enumerable.Range(0, 101).Select(number => $"ntf-{number}")];
        (await server.ControlAsync(Patch, "/v1/notifications/bulk-unread", new { notification_ids = ids })).IsError(400, "invalid_argument", "notification_ids");
    }

    private readonly Dictionary<UserId, string> _keys = [];

    private async Task<User> UserAsync(string name, int notifications)
    {
        (User user, string key) = await server.UserAsync($"ntf-{name}");
        _keys[user.Id] = key;
        for (int i = 0; i < notifications; i++)
        {
            await HappenAsync(user, EventTypes.TemplateImportFinished, $"tpl-{i}", "");
        }

        return user;
    }

    private Task HappenAsync(User user, string type, string subject, string reason, params (string Key, string Value)[] data) =>
        server.Services.GetRequiredService<IEventLog>().AppendAsync(new NewEvent(type, user.Id, subject)
        {
            Reason = reason, Data = data.Append(("name", "thing")).ToDictionary(pair => pair.Item1, pair => pair.Item2),
        });

    private Task<Reply> AsAsync(User user, HttpMethod method, string path, object? body = null) =>
        server.AsAsync(_keys[user.Id], method, $"/v1/notifications{path}", body);

    private async Task<string[]> IdsAsync(User user, string query = "") =>
        [.. (await AsAsync(user, HttpMethod.Get, query)).Data.GetProperty("notifications").EnumerateArray().Select(one => Text(one, "id")!)];

    private async Task<int> UnreadAsync(User user) => Number((await AsAsync(user, HttpMethod.Get, "")).Data, "unread_count");

    private static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();

    private static int Number(JsonElement one, string name) => one.GetProperty(name).GetInt32();

    private static IEnumerable<string?> Texts(JsonElement one, string name) => one.GetProperty(name).EnumerateArray().Select(text => text.GetString());
}
