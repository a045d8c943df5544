using System.Net;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Tenancy;

[Collection(SharedServer.Name)]
public sealed class AccessTests(ServerFixture server)
{
    [Fact]
    public async Task Health_regions_and_the_description_are_public_and_all_else_is_not()
    {
        using ApiClient nobody = server.Api.As("");
        Assert.Equal("ok", (await nobody.GetAsync("/health")).Json.GetProperty("status").GetString());
        Assert.NotEmpty((await nobody.GetAsync("/v1/scalebox-regions")).Data.GetProperty("scalebox_regions").EnumerateArray());
        Assert.True((await nobody.GetAsync("/openapi.json")).Json.TryGetProperty("paths", out _));
        foreach (string path in new[] { "/v1/sandboxes", "/v1/users/me", "/v1/api-keys", "/v1/nowhere" })
        {
            (await nobody.GetAsync(path)).IsError(401, "unauthorized");
        }

        (await server.Api.As($"sk-{new string('0', 40)}").GetAsync("/v1/users/me")).IsError(401, "unauthorized");
    }

    [Theory]
    [InlineData("Api-Key")]
    [InlineData("Bearer")]
    public async Task The_authorization_header_is_taken_too(string scheme)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users/me");
        request.Headers.Add("Authorization", $"{scheme} {server.Api.Key}");
        using HttpResponseMessage reply = await server.Api.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task Unknown_routes_ids_and_methods_have_the_error_body()
    {
        (await server.Api.GetAsync("/v1/nowhere")).IsError(404, "not_found");
        (await server.Api.GetAsync("/v1/sandboxes/sbx-00000000000000000000000000")).IsError(404, "not_found");
        (await server.Api.GetAsync("/v1/sandboxes/nonsense")).IsError(404, "not_found");
        (await server.Api.SendAsync(HttpMethod.Patch, "/v1/sandboxes")).IsError(405, "method_not_allowed");
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        string body = $"{{\"description\":\"{new string('x', 1024 * 1024)}\"}}";
        (await server.Api.PostAsync("/v1/sandboxes", body)).IsError(413, "too_large");
    }

    [Fact]
    public async Task A_key_works_until_it_is_disabled_or_deleted()
    {
        string name = Guid.NewGuid().ToString("n");
        Reply made = await server.Api.PostAsync("/v1/api-keys", $"{{\"name\":\"{name}\",\"description\":\"d\"}}");
        Assert.Equal(201, made.Status);
        string path = $"/v1/api-keys/{made.String("key_id")}";
        try
        {
            using ApiClient other = server.Api.As(made.String("api_key"));
            Assert.Matches("^sk-[0-9a-f]{40}$", other.Key);
            Assert.Equal(200, (await other.GetAsync("/v1/users/me")).Status);
            (await server.Api.PostAsync("/v1/api-keys", $"{{\"name\":\"{name}\"}}")).IsError(409, "already_exists");
            Assert.DoesNotContain(other.Key, (await server.Api.GetAsync("/v1/api-keys")).Text + (await server.Api.GetAsync(path)).Text);
            Assert.Equal(200, (await server.Api.SendAsync(HttpMethod.Put, $"{path}/status", """{"is_active":false}""")).Status);
            (await other.GetAsync("/v1/users/me")).IsError(401, "unauthorized");
            Assert.Equal(200, (await server.Api.SendAsync(HttpMethod.Put, $"{path}/status", """{"is_active":true}""")).Status);
            Assert.Equal(200, (await other.GetAsync("/v1/users/me")).Status);
            Assert.Equal(200, (await server.Api.SendAsync(HttpMethod.Delete, path)).Status);
            (await other.GetAsync("/v1/users/me")).IsError(401, "unauthorized");
            (await server.Api.GetAsync(path)).IsError(404, "not_found");
        }
        finally
        {
            await server.Api.SendAsync(HttpMethod.Delete, path);
        }
    }
}
