using Atoll.Api.Tenancy;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Tenancy;

/// <summary>Budgets that do not fill again while a test lasts.</summary>
public sealed class RateLimitTests : IAsyncLifetime
{
    private readonly SimulatedServer _server = new()
    {
        Shape = options => options with
        {
            RateLimits = new RateLimitOptions { Creates = 2, Calls = 5, Anonymous = 3, Burst = 1, Period = TimeSpan.FromHours(1) },
        },
    };

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Each_key_has_a_budget_and_every_answer_says_what_is_left()
    {
        for (int left = 4; left >= 0; left--)
        {
            Reply reply = await _server.ControlAsync(HttpMethod.Get, left % 2 == 0 ? "/v1/projects" : "/v1/projects/none");
            Assert.Equal(["5"], reply.Message.Headers.GetValues("ratelimit-limit"));
            Assert.Equal([$"{left}"], reply.Message.Headers.GetValues("ratelimit-remaining"));
            Assert.Single(reply.Message.Headers.GetValues("ratelimit-reset"));
        }

        Reply refused = await _server.ControlAsync(HttpMethod.Get, "/v1/projects");
        refused.IsError(429, "rate_limited");
        Assert.True(refused.Message.Headers.RetryAfter!.Delta is { TotalSeconds: > 0 and <= 3600 }, $"{refused.Message.Headers.RetryAfter}");
        Assert.Equal(["0"], refused.Message.Headers.GetValues("ratelimit-remaining"));
        Reply e2b = await _server.ControlAsync(HttpMethod.Get, "/v2/sandboxes");
        Assert.Equal((429, 429), (e2b.Status, e2b.Json.GetProperty("code").GetInt32()));
        Assert.NotNull(e2b.Message.Headers.RetryAfter);

        // Another key of another user is not held up by it.
        Assert.Equal(200, (await _server.ControlAsync(HttpMethod.Get, "/v1/projects", key: await _server.KeyOfAsync("calm"))).Status);
    }

    [Fact]
    public async Task Creates_of_both_dialects_share_a_budget_apart_from_other_calls()
    {
        RunningBox box = await _server.CreateAsync();
        Assert.Equal(201, (await _server.ControlAsync(HttpMethod.Post, "/sandboxes", new { templateID = "base" })).Status);

        (await _server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { })).IsError(429, "rate_limited");
        Assert.Equal(429, (await _server.ControlAsync(HttpMethod.Post, "/v2/sandboxes", new { templateID = "base" })).Status);
        Assert.Equal(200, (await _server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Status);
    }

    [Fact]
    public async Task Who_has_no_key_that_is_known_shares_the_budget_of_its_address()
    {
        string wrong = "sk-" + new string('0', 40);
        for (int i = 0; i < 3; i++)
        {
            (await _server.ControlAsync(HttpMethod.Get, "/v1/projects", key: wrong)).IsError(401, "unauthorized");
        }

        (await _server.ControlAsync(HttpMethod.Get, "/v1/projects", key: wrong)).IsError(429, "rate_limited");
        Assert.Equal(429, (int)(await _server.Client.GetAsync("/v1/scalebox-regions")).StatusCode);
        Assert.Equal(200, (await _server.ControlAsync(HttpMethod.Get, "/v1/projects")).Status);
    }

    [Fact]
    public async Task The_data_plane_has_none()
    {
        RunningBox box = await _server.CreateAsync();

        for (int i = 0; i < 12; i++)
        {
            Reply reply = await _server.SendAsync(box, HttpMethod.Get, "/health");
            Assert.True(reply.Status is 200 or 204, reply.Text);
            Assert.False(reply.Message.Headers.Contains("ratelimit-limit"));
        }
    }
}
