using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Api.Dialects.E2b;
using Atoll.Api.Tenancy;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Tenancy;

/// <summary>What each role may do, at every route of the control plane of both dialects.</summary>
public sealed class RoleTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    /// <summary>Routes that change nothing though their method says that they may; one more needs a reason.</summary>
    private static readonly string[] Reading = ["POST /v1/sandboxes/{sandbox_id}/files/list", "POST /v1/sandboxes/{sandbox_id}/files/stat"];

    [Fact]
    public async Task Every_route_refuses_the_roles_that_it_is_not_for()
    {
        (string Method, string Path, RouteEndpoint Route)[] routes = [.. Routes()];
        Assert.True(routes.Length > 80, $"only {routes.Length} routes were found");
        Dictionary<Role, string> keys = [];
        foreach (Role role in Enum.GetValues<Role>().Where(role => role is not Role.Root))
        {
            keys[role] = await server.KeyOfAsync($"table-{role}", role);
        }

        List<string> wrong = [];
        foreach ((string method, string path, RouteEndpoint route) in routes)
        {
            bool isForAdmins = route.Metadata.GetMetadata<AdminRoute>() is not null;
            bool reads = method is "GET" or "HEAD" || Reading.Contains($"{method} {path}");
            foreach ((Role role, string key) in keys)
            {
                bool refused = role is not Role.Admin && isForAdmins || role is Role.Viewer && !reads;
                if (refused != await IsRefusedAsync(method, path, key))
                {
                    wrong.Add($"{method} {path} for {role}: {(refused ? "must be" : "is")} refused");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Only_these_routes_read_by_another_method_than_get() => Assert.Equal(
        Reading.Order(),
        Routes().Where(route => route.Route.Metadata.GetMetadata<ReadingRoute>() is not null).Select(route => $"{route.Method} {route.Path}").Order());

    [Fact]
    public async Task A_viewer_reads_its_own_and_is_told_no_secret()
    {
        string member = await server.KeyOfAsync("turncoat");
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { env_vars = new Dictionary<string, string> { ["A"] = "b" } }, member);
        string id = made.Data.GetProperty("sandbox_id").GetString()!;
        Assert.NotNull(made.Data.GetProperty("envd_access_token").GetString());

        string viewer = await ViewerAsync("turncoat");
        JsonElement seen = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{id}", key: viewer)).Data;
        Assert.False(seen.TryGetProperty("envd_access_token", out _));
        Assert.Equal("b", seen.GetProperty("env_vars").GetProperty("A").GetString());
        Reply e2b = await server.ControlAsync(HttpMethod.Get, $"/sandboxes/{id["sbx-".Length..]}", key: viewer);
        Assert.Equal(200, e2b.Status);
        Assert.DoesNotContain(made.Data.GetProperty("envd_access_token").GetString()!, e2b.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/files/list", new { path = "/" }, viewer)).Status);
        Reply refused = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/exec", new { command = "id" }, viewer);
        refused.IsError(403, "forbidden");
        Assert.Contains("viewer", refused.Error, StringComparison.Ordinal);
        Assert.Equal(403, (await server.ControlAsync(HttpMethod.Delete, $"/sandboxes/{id["sbx-".Length..]}", key: viewer)).Status);
    }

    [Fact]
    public async Task An_admin_sees_and_ends_every_sandbox_and_uses_none_but_its_own()
    {
        string member = await server.KeyOfAsync("worker"), admin = await server.KeyOfAsync("overseer", Role.Admin);
        Reply made = await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { env_vars = new Dictionary<string, string> { ["SECRET"] = "s3" } }, member);
        string id = made.Data.GetProperty("sandbox_id").GetString()!, owner = made.Data.GetProperty("owner_user_id").GetString()!;

        JsonElement seen = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{id}", key: admin)).Data;
        Assert.False(seen.TryGetProperty("envd_access_token", out _));
        Assert.Empty(seen.GetProperty("env_vars").EnumerateObject());
        Assert.Equal("worker", seen.GetProperty("owner").GetProperty("username").GetString());
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/exec", new { command = "id" }, admin)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/files/list", new { path = "/" }, admin)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Put, $"/v1/sandboxes/{id}", new { timeout = 900 }, admin)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/create-template", new { name = "their-files" }, admin)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/resume", new { object_storage = new { remove_all = true } }, admin)).IsError(404, "not_found");
        Assert.Equal([id], await ListAsync($"owner_user_id={owner}", admin));
        Assert.Contains(id, await ListAsync("owner_user_id=all&limit=500", admin));
        Assert.DoesNotContain(id, await ListAsync("", admin));
        Assert.Equal(202, (await server.ControlAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}", key: admin)).Status);
    }

    [Fact]
    public async Task A_member_lists_nobody_elses()
    {
        string member = await server.KeyOfAsync("curious");
        (User other, _) = await server.UserAsync("other");

        (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes?owner_user_id={other.Id}", key: member)).IsError(403, "forbidden", "owner_user_id");
        (await server.ControlAsync(HttpMethod.Get, "/v1/sandboxes?owner_user_id=all", key: member)).IsError(403, "forbidden", "owner_user_id");
    }

    private async Task<string[]> ListAsync(string query, string key) =>
    [
        .. (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes?{query}", key: key)).Data.GetProperty("sandboxes").EnumerateArray()
            .Select(sandbox => sandbox.GetProperty("sandbox_id").GetString()!),
    ];

    private async Task<string> ViewerAsync(string username)
    {
        var admin = server.Services.GetRequiredService<Atoll.Control.Tenancy.TenancyAdmin>();
        await admin.SetRoleAsync(username, Role.Viewer);
        return (await admin.CreateKeyAsync(username, "as viewer")).Secret;
    }

    private async Task<bool> IsRefusedAsync(string method, string path, string key)
    {
        string bare = string.Join('/', path.Split('/').Select(part => part.StartsWith('{') ? "none" : part));
        using var request = new HttpRequestMessage(new HttpMethod(method), bare);
        if (method is not ("GET" or "HEAD"))
        {
            request.Content = JsonContent.Create(new { sandbox_ids = Array.Empty<string>() });
        }

        request.Headers.Add("X-API-Key", key);
        using HttpResponseMessage reply = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (int)reply.StatusCode == 403 && (method is "HEAD" || (await reply.Content.ReadAsStringAsync()).Contains("role", StringComparison.Ordinal));
    }

    private IEnumerable<(string Method, string Path, RouteEndpoint Route)> Routes() =>
        from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
        where endpoint.Metadata.GetMetadata<PublicRoute>() is null && (path.StartsWith("/v1/", StringComparison.Ordinal) || E2bDialect.Owns(path))
        let methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods
        from method in methods is { Count: > 0 } ? methods : ["GET", "POST", "PUT", "PATCH", "DELETE"]
        select (method, path, endpoint);
}
