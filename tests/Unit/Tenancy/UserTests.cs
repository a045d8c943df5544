using System.Text;
using System.Text.Json;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Tenancy;

public sealed class UserTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private const string Users = "/v1/user-management/users";

    [Fact]
    public async Task A_user_says_all_of_itself_and_changes_how_it_is_shown()
    {
        string key = await server.KeyOfAsync("selfie");
        JsonElement me = (await server.ControlAsync(HttpMethod.Get, "/v1/users/me", key: key)).Data;
        Assert.Equal(
            [
                "account", "account_id", "avatar_url", "created_at", "description", "display_name", "email", "email_verified", "has_local_password",
                "is_root_user", "last_login", "oauth_provider", "oauth_user_id", "role", "status", "user_id", "username",
            ],
            me.EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal(("member", "active", false), (Text(me, "role"), Text(me, "status"), me.GetProperty("is_root_user").GetBoolean()));

        Reply changed = await server.ControlAsync(
            HttpMethod.Put, "/v1/users/me", new { display_name = "Sel Fie", description = "tests", avatar_url = "https://example.com/a.png", role = "root" }, key);

        Assert.Equal(("Sel Fie", "tests", "member"), (Text(changed.Data, "display_name"), Text(changed.Data, "description"), Text(changed.Data, "role")));
        Assert.Equal("Sel Fie", Text((await server.ControlAsync(HttpMethod.Get, "/v1/users/me", key: key)).Data, "display_name"));
    }

    [Fact]
    public async Task A_user_is_made_found_changed_disabled_and_deleted()
    {
        Reply made = await server.ControlAsync(HttpMethod.Post, Users, new { username = "temp", email = "temp@example.com", password = "long enough" });
        Assert.Equal(201, made.Status);
        Assert.True(made.Data.GetProperty("has_local_password").GetBoolean());
        string path = $"{Users}/{Text(made.Data, "user_id")}";
        string key = (await server.UserAsync("temp")).Key;
        Assert.Equal("temp@example.com", Text((await server.ControlAsync(HttpMethod.Get, path)).Data, "email"));
        Assert.Equal(1, (await server.ControlAsync(HttpMethod.Get, $"{Users}?search=TEMP%40")).Data.GetProperty("pagination").GetProperty("total").GetInt32());
        Assert.Single((await server.ControlAsync(HttpMethod.Get, "/v1/projects", key: key)).Data.GetProperty("projects").EnumerateArray());
        (await server.ControlAsync(HttpMethod.Post, Users, new { username = "temp" })).IsError(409, "already_exists", "username");

        Assert.Equal("disabled", Text((await server.ControlAsync(HttpMethod.Put, path, new { status = "disabled" })).Data, "status"));
        (await server.ControlAsync(HttpMethod.Get, "/v1/projects", key: key)).IsError(401, "unauthorized");
        await server.ControlAsync(HttpMethod.Put, path, new { status = "active", role = "viewer" });
        Assert.Equal("viewer", Text((await server.ControlAsync(HttpMethod.Get, "/v1/users/me", key: key)).Data, "role"));

        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, path)).Status);
        (await server.ControlAsync(HttpMethod.Get, path)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Get, "/v1/users/me", key: key)).IsError(401, "unauthorized");
    }

    [Fact]
    public async Task A_user_who_has_a_sandbox_is_not_deleted_before_it_is_over()
    {
        (User user, string key) = await server.UserAsync("busy");
        string id = Text((await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { }, key)).Data, "sandbox_id")!;

        Reply refused = await server.ControlAsync(HttpMethod.Delete, $"{Users}/{user.Id}");
        refused.IsError(409, "wrong_state");
        Assert.Contains("1 sandboxes", refused.Error, StringComparison.Ordinal);

        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/terminate", key: key);
        await server.UntilAsync(new RunningBox(default, id, ""), "terminated");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Delete, $"{Users}/{user.Id}")).Status);
        (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{id}")).IsError(404, "not_found");
    }

    [Fact]
    public async Task Only_root_makes_and_changes_those_who_manage_and_nobody_touches_the_first_user()
    {
        (User admin, string key) = await server.UserAsync("boss", Role.Admin);
        string root = Text((await server.ControlAsync(HttpMethod.Get, "/v1/users/me")).Data, "user_id")!;

        (await server.ControlAsync(HttpMethod.Post, Users, new { username = "second", role = "admin" }, key)).IsError(403, "forbidden");
        Assert.Equal(201, (await server.ControlAsync(HttpMethod.Post, Users, new { username = "third", role = "viewer" }, key)).Status);
        (await server.ControlAsync(HttpMethod.Put, $"{Users}/{admin.Id}", new { role = "root" }, key)).IsError(403, "forbidden");
        (await server.ControlAsync(HttpMethod.Post, $"{Users}/{root}/reset-password", new { new_password = "mine from now" }, key)).IsError(403, "forbidden");
        (await server.ControlAsync(HttpMethod.Put, $"{Users}/{root}", new { status = "disabled" })).IsError(403, "forbidden");
        (await server.ControlAsync(HttpMethod.Delete, $"{Users}/{root}")).IsError(403, "forbidden");
    }

    [Fact]
    public async Task A_password_is_changed_by_who_knows_it_and_is_nowhere_on_disk()
    {
        const string first = "correct horse", second = "battery staple";
        (User user, string key) = await server.UserAsync("keeper");
        const string change = "/v1/user-management/change-password";
        (await server.ControlAsync(HttpMethod.Post, change, new { new_password = "7 chars" }, key)).IsError(400, "invalid_argument", "new_password");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Post, change, new { new_password = first }, key)).Status);
        (await server.ControlAsync(HttpMethod.Post, change, new { current_password = second, new_password = second }, key)).IsError(400, "invalid_argument", "current_password");
        Reply changed = await server.ControlAsync(HttpMethod.Post, change, new { current_password = first, new_password = second }, key);
        Assert.Equal(200, changed.Status);
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Post, $"{Users}/{user.Id}/reset-password", new { new_password = first })).Status);
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Post, change, new { current_password = first, new_password = second }, key)).Status);

        foreach (string file in Directory.GetFiles(server.DataDirectory, "atoll.db*"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content);
            Assert.Equal(-1, content.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(first)));
            Assert.Equal(-1, content.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(second)));
        }
    }

    [Fact]
    public async Task A_reset_is_asked_for_once_in_a_while()
    {
        string key = await server.KeyOfAsync("forgetful");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Post, "/v1/user-management/request-password-reset", new { }, key)).Status);

        Reply again = await server.ControlAsync(HttpMethod.Post, "/v1/user-management/request-password-reset", new { }, key);

        again.IsError(429, "rate_limited");
        Assert.InRange(again.Data.GetProperty("time_remaining_minutes").GetInt32(), 1, 15);
    }

    [Theory]
    [InlineData("GET", "/v1/user-management/account/subscription")]
    [InlineData("GET", "/v1/user-management/account/subscription/history")]
    [InlineData("POST", "/v1/user-management/email-change")]
    public async Task What_only_a_paid_service_has_is_said_to_be_so(string method, string path)
    {
        Reply reply = await server.ControlAsync(new HttpMethod(method), path);
        reply.IsError(501, "not_implemented");
        Assert.Contains("self-hosted", reply.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_is_an_account_and_one_plan()
    {
        Assert.StartsWith("acc-", Text((await server.ControlAsync(HttpMethod.Get, "/v1/user-management/account")).Data, "account_id"), StringComparison.Ordinal);
        Assert.Single((await server.ControlAsync(HttpMethod.Get, "/v1/user-management/plans")).Data.GetProperty("plans").EnumerateArray());
    }

    [Fact]
    public async Task Keys_are_sorted_and_listed_for_whom_an_admin_asks_and_say_when_they_end()
    {
        (User user, string key) = await server.UserAsync("keyring");
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/api-keys", new { name = "a first", expires_in_days = 1 }, key);
        Assert.Equal(Text(made.Data, "api_key"), Text(made.Data, "key"));
        Assert.Equal(
            made.Data.GetProperty("created_at").GetDateTime().AddDays(1), made.Data.GetProperty("expires_at").GetDateTime());
        (await server.ControlAsync(HttpMethod.Post, "/v1/api-keys", new { name = "b", expires_in_days = 0 }, key)).IsError(400, "invalid_argument", "expires_in_days");

        Assert.Equal(["a first", "test"], await NamesAsync("sort=name", key));
        Assert.Equal(["test", "a first"], await NamesAsync("sort=name&sort_order=desc", key));
        Assert.Equal(["a first", "test"], await NamesAsync($"user_id={user.Id}&sort=name", null));
        (await server.ControlAsync(HttpMethod.Get, $"/v1/api-keys?user_id={user.Id}", key: await server.KeyOfAsync("peeker"))).IsError(403, "forbidden", "user_id");
    }

    private static string? Text(JsonElement data, string field) => data.GetProperty(field).GetString();

    private async Task<string[]> NamesAsync(string query, string? key) =>
    [
        .. (await server.ControlAsync(HttpMethod.Get, $"/v1/api-keys?{query}", key: key)).Data.GetProperty("api_keys").EnumerateArray()
            .Select(one => Text(one, "name")!),
    ];
}
