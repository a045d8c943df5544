using System.Net;
using System.Net.Sockets;
using Atoll.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Sdk;

public sealed class AtollClientTests : IAsyncLifetime
{
    private WireServer _server = null!;
    private AtollClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await WireServer.StartAsync();
        _client = Client();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_create_sends_snake_case_and_the_key_and_leaves_defaults_out()
    {
        _server.OnData("POST /v1/sandboxes", 201, Sandbox());

        Sandbox sandbox = await _client.Sandboxes.CreateAsync(new CreateSandboxRequest
        {
            Template = "base", CpuCount = 2, EnvVars = new() { ["A_B"] = "1" }, Locality = new Locality { Region = "eu-west", Force = true },
        });

        WireRequest sent = Assert.Single(_server.Requests);
        Assert.Equal("sk-1", sent.ApiKey);
        Assert.Equal(
            """{"template":"base","cpu_count":2,"env_vars":{"A_B":"1"},"locality":{"region":"eu-west","force":true}}""", sent.Body);
        Assert.Equal(Id, sandbox.SandboxId);
        Assert.Equal("c", sandbox.Metadata!["a_b"]);
        Assert.Equal(299, sandbox.RemainingSeconds);
        Assert.True(sandbox.More!.ContainsKey("uptime"));
    }

    [Theory]
    [InlineData(400, typeof(ValidationException))]
    [InlineData(401, typeof(UnauthorizedException))]
    [InlineData(403, typeof(ForbiddenException))]
    [InlineData(404, typeof(NotFoundException))]
    [InlineData(409, typeof(ConflictException))]
    [InlineData(413, typeof(ValidationException))]
    [InlineData(418, typeof(ApiException))]
    [InlineData(429, typeof(RateLimitedException))]
    [InlineData(501, typeof(ServerException))]
    public async Task A_refusal_becomes_the_exception_of_its_status(int status, Type expected)
    {
        _server.On("POST /v1/sandboxes", async http =>
        {
            http.Response.Headers["X-Request-Id"] = "req-1";
            http.Response.Headers.RetryAfter = "7";
            await WireServer.JsonAsync(http, status, """{"success":false,"error":"e","message":"why not","code":"some_code","field":"cpu_count"}""");
        });

        ApiException thrown = await Assert.ThrowsAnyAsync<ApiException>(() => _client.Sandboxes.CreateAsync(new CreateSandboxRequest()));

        Assert.IsType(expected, thrown);
        Assert.Equal((HttpStatusCode)status, thrown.StatusCode);
        Assert.Equal(("why not", "some_code", "cpu_count", "req-1"), (thrown.Message, thrown.Code, thrown.Field, thrown.RequestId));
        Assert.True(thrown is not RateLimitedException limited || limited.RetryAfter == TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_told_apart_from_asking_too_often_and_is_not_asked_again()
    {
        int asked = 0;
        _server.On("POST /v1/sandboxes", async http =>
        {
            asked++;
            await WireServer.JsonAsync(http, 429, """{"message":"you have 10 sandboxes, the most there may be","code":"quota_exceeded"}""");
        });

        QuotaExceededException thrown = await Assert.ThrowsAsync<QuotaExceededException>(() => _client.Sandboxes.CreateAsync(new CreateSandboxRequest()));

        Assert.Equal((HttpStatusCode.TooManyRequests, "quota_exceeded", 1), (thrown.StatusCode, thrown.Code, asked));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>bad gateway</html>")]
    [InlineData("[]")]
    [InlineData("""{"message":{"deep":1}}""")]
    public async Task An_error_that_is_not_the_contracts_is_still_told_by_its_status(string body)
    {
        _server.OnJson("POST /v1/sandboxes", 502, body);

        ServerException thrown = await Assert.ThrowsAsync<ServerException>(() => _client.Sandboxes.CreateAsync(new CreateSandboxRequest()));

        Assert.Contains("502", thrown.Message);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    public async Task A_get_is_repeated_after_a_passing_failure(int status)
    {
        int asked = 0;
        _server.On($"GET /v1/sandboxes/{Id}", http => Interlocked.Increment(ref asked) < 3
            ? WireServer.JsonAsync(http, status, "{}")
            : WireServer.JsonAsync(http, 200, Sandbox()));

        Assert.Equal(Id, (await _client.Sandboxes.GetAsync(Id)).SandboxId);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task A_get_gives_up_after_the_allowed_retries()
    {
        _server.OnError($"GET /v1/sandboxes/{Id}", 503, "no_capacity", "no room");

        await Assert.ThrowsAsync<ServerException>(() => _client.Sandboxes.GetAsync(Id));

        Assert.Equal(1 + 2, _server.Requests.Count);
    }

    [Fact]
    public async Task A_wait_longer_than_the_longest_pause_ends_the_retrying()
    {
        _server.On($"GET /v1/sandboxes/{Id}", async http =>
        {
            http.Response.Headers.RetryAfter = "3600";
            await WireServer.JsonAsync(http, 503, "{}");
        });

        ServerException thrown = await Assert.ThrowsAsync<ServerException>(() => _client.Sandboxes.GetAsync(Id));

        Assert.Equal(TimeSpan.FromHours(1), thrown.RetryAfter);
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData(500, "sandbox_failed")]
    [InlineData(503, "quota_exceeded")]
    [InlineData(409, "wrong_state")]
    public async Task A_post_that_failed_for_good_is_not_repeated(int status, string code)
    {
        _server.OnError("POST /v1/sandboxes", status, code, "no");

        await Assert.ThrowsAnyAsync<ApiException>(() => _client.Sandboxes.CreateAsync(new CreateSandboxRequest()));

        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task A_post_is_repeated_under_one_key_until_its_answer_is_there()
    {
        int asked = 0;
        _server.On("POST /v1/sandboxes", http =>
        {
            switch (Interlocked.Increment(ref asked))
            {
                case 1:
                    http.Abort();
                    return Task.CompletedTask;
                case <= 6:
                    return WireServer.JsonAsync(http, 409, """{"success":false,"error":"e","message":"m","code":"request_in_progress"}""");
                case 7:
                    return WireServer.JsonAsync(http, 504, "{}");
                default:
                    return WireServer.JsonAsync(http, 201, Sandbox());
            }
        });

        Assert.Equal(Id, (await _client.Sandboxes.CreateAsync(new CreateSandboxRequest())).SandboxId);

        string first = Assert.Single(_server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
        await _client.Sandboxes.CreateAsync(new CreateSandboxRequest());
        Assert.NotEqual(first, _server.Requests[^1].Headers["Idempotency-Key"]);
        Assert.Equal(9, _server.Requests.Count);
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again_and_told_in_the_end()
    {
        int asked = 0;
        _server.On($"GET /v1/sandboxes/{Id}", http =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                http.Abort();
                return Task.CompletedTask;
            }
            return WireServer.JsonAsync(http, 200, Sandbox());
        });
        _server.On("POST /v1/sandboxes", http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });

        Assert.Equal(Id, (await _client.Sandboxes.GetAsync(Id)).SandboxId);
        await Assert.ThrowsAsync<ConnectionException>(() => _client.Sandboxes.CreateAsync(new CreateSandboxRequest()));
        Assert.Equal(1 + 2, _server.Requests.Count(request => request.Method == "POST"));
    }

    [Fact]
    public async Task A_repeated_delete_that_finds_nothing_has_succeeded_and_a_first_one_has_not()
    {
        int asked = 0;
        _server.On($"DELETE /v1/sandboxes/{Id}", http =>
            WireServer.JsonAsync(http, Interlocked.Increment(ref asked) == 1 ? 500 : 404, "{}"));

        await _client.Sandboxes.DeleteAsync(Id, force: true);

        Assert.Equal($"/v1/sandboxes/{Id}?force=true", _server.Requests[1].Target);
        await Assert.ThrowsAsync<NotFoundException>(() => _client.Sandboxes.DeleteAsync(Id));
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout_and_not_a_cancellation()
    {
        _server.On("GET /health", http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using AtollClient client = Client(TimeSpan.FromMilliseconds(200));

        RequestTimeoutException thrown = await Assert.ThrowsAsync<RequestTimeoutException>(() => client.HealthAsync());

        Assert.Equal(TimeSpan.FromMilliseconds(200), thrown.Limit);
    }

    [Fact]
    public async Task The_callers_own_cancellation_stays_one()
    {
        _server.On("GET /health", http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.HealthAsync(soon.Token));
    }

    [Fact]
    public async Task Nobody_listening_is_a_connection_failure_that_names_the_server()
    {
        Uri nobody = new($"http://127.0.0.1:{ClosedPort()}/");
        using AtollClient client = new(new AtollClientOptions { BaseUrl = nobody, RetryDelay = TimeSpan.FromMilliseconds(1) });

        ConnectionException thrown = await Assert.ThrowsAsync<ConnectionException>(() => client.HealthAsync());

        Assert.Contains("refused", thrown.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(nobody, thrown.Server);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("""{"success":true,"data":null}""")]
    public async Task Another_program_on_the_port_is_told_as_such(string body)
    {
        _server.OnJson("GET /v1/users/me", 200, body);

        ProtocolException thrown = await Assert.ThrowsAsync<ProtocolException>(() => _client.Users.MeAsync());

        Assert.Contains("check the URL", thrown.Message);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_because_it_would_carry_the_key_along()
    {
        _server.On("GET /v1/users/me", http =>
        {
            http.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });

        await Assert.ThrowsAsync<ApiException>(() => _client.Users.MeAsync());

        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Listing_all_fetches_every_page_once()
    {
        _server.On("GET /v1/sandboxes", http => WireServer.JsonAsync(
            http, 200,
            $$"""{"success":true,"data":{{Page(int.Parse(http.Request.Query["page"]!), 3, Sandbox($"sbx-{http.Request.Query["page"]}"))}}}"""));

        List<string> ids = [];
        await foreach (Sandbox sandbox in _client.Sandboxes.ListAllAsync(new SandboxQuery { Status = "running", Search = "a b&c" }))
        {
            ids.Add(sandbox.SandboxId);
        }

        Assert.Equal(["sbx-1", "sbx-2", "sbx-3"], ids);
        Assert.Equal("/v1/sandboxes?page=3&limit=100&status=running&search=a%20b%26c", _server.Requests[2].Target);
    }

    [Theory]
    [InlineData("a/../b")]
    [InlineData("a?force=true")]
    [InlineData("a#b")]
    public async Task An_id_cannot_leave_its_place_in_the_path(string id)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => _client.Sandboxes.GetAsync(id));

        Assert.Equal("/v1/sandboxes/" + id, Uri.UnescapeDataString(Assert.Single(_server.Requests).Target));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public async Task An_id_that_is_a_place_itself_is_refused(string id)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _client.Sandboxes.GetAsync(id));

        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Keys_regions_timeout_and_terminate_speak_the_contract()
    {
        _server.OnData("POST /v1/api-keys", 201, """{"key_id":"key-1","name":"ci","api_key":"sk-new","prefix":"sk-ne","is_active":true}""")
            .OnData("GET /v1/api-keys", 200, """{"api_keys":[{"key_id":"key-1","name":"ci","is_active":false}]}""")
            .OnData("PUT /v1/api-keys/key-1/status", 200, "{}")
            .OnData("GET /v1/scalebox-regions", 200, """{"scalebox_regions":[{"id":"eu-west","name":"Europe"}]}""")
            .OnData($"POST /v1/sandboxes/{Id}/timeout", 200, """{"timeout":60,"remaining_time":59,"applies_to":"current_phase"}""")
            .OnData($"POST /v1/sandboxes/{Id}/terminate", 202, $$"""{"sandbox_id":"{{Id}}","status":"termination_in_progress"}""");

        ApiKey key = await _client.ApiKeys.CreateAsync("ci");
        Assert.Equal("sk-new", key.Secret);
        Assert.DoesNotContain("sk-new", key.ToString());
        Assert.False(Assert.Single(await _client.ApiKeys.ListAsync()).IsActive);
        await _client.ApiKeys.SetActiveAsync("key-1", active: false);
        Assert.Equal(new Region("eu-west", "Europe"), Assert.Single(await _client.Regions.ListAsync()));
        Assert.Equal(59, (await _client.Sandboxes.SetTimeoutAsync(Id, TimeSpan.FromMinutes(1))).RemainingTime);
        Assert.Equal("termination_in_progress", (await _client.Sandboxes.TerminateAsync(Id)).Status);
        Assert.Contains(_server.Requests, request => request is { Method: "PUT", Body: """{"is_active":false}""" });
        Assert.Contains(_server.Requests, request => request.Body == """{"timeout":60}""");
    }

    [Theory]
    [InlineData("ftp://host")]
    [InlineData("file:///etc/passwd")]
    public void A_base_url_that_is_not_http_is_refused(string url) =>
        Assert.Throws<ArgumentException>(() => new AtollClient(new AtollClientOptions { BaseUrl = new Uri(url) }));

    internal static int ClosedPort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private AtollClient Client(TimeSpan? timeout = null) => new(new AtollClientOptions
    {
        BaseUrl = new Uri(_server.Url), ApiKey = "sk-1", MaxRetries = 2, RetryDelay = TimeSpan.FromMilliseconds(1),
        RequestTimeout = timeout ?? TimeSpan.FromSeconds(30),
    });
}
