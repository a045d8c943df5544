using System.Net;
using System.Text.Json;
using Atoll.Api.Edge;
using Atoll.Domain;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>Whose request a request is: sandboxes A and B, over plain HTTP, with what a client may say of its target.</summary>
public sealed class RoutingTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private const string Control = "control";

    /// <summary>
    /// One row a request: where it comes in (main, or A's port), Host, headers, path, and who answers. Tokens are A's or
    /// B's in X-Access-Token; a data plane tells whose it is by which token opens it.
    /// </summary>
    public static TheoryData<string, string, string, string, string> Requests() => new()
    {
        { "main", "", "", "/v1/users/me", Control },
        { "main", "api.localhost", "", "/v1/users/me", Control },
        { "main", "", "X-Access-Token: {tokenA}", "/v1/users/me", Control },
        { "main", "{A}.localhost", "", "/v1/users/me", "A" },
        { "main", "sbx-{A}.localhost", "", "/nothing", "A" },
        { "main", "49983-{A}.localhost", "", "/nothing", "A" },
        { "main", "{A}.localhost", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Port: 49983", "/nothing", "A" },
        { "main", "{A}.localhost", "E2b-Sandbox-Id: {B}", "/nothing", "400" },
        { "main", "{A}.localhost", "X-Sandbox-ID: sbx-{B}", "/nothing", "400" },
        { "main", "3000-{A}.localhost", "", "/v1/users/me", "port" },
        { "main", "3000-{A}.localhost", "X-Sandbox-ID: anything", "/", "port" },
        { "main", "3000-{A}.elsewhere.org", "", "/v1/users/me", "400" },
        { "main", "99999-{A}.localhost", "", "/v1/users/me", "400" },
        { "main", "3000-127.0.0.1", "", "/v1/users/me", "400" },
        { "main", "", "E2b-Sandbox-Id: {A}", "/v1/users/me", "A" },
        { "main", "", "E2b-Sandbox-Id: sbx-{A}|E2b-Sandbox-Port: 49999", "/nothing", "A" },
        { "main", "", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Port: 3000", "/", "port" },
        { "main", "", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Port: 03000", "/", "400" },
        { "main", "", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Port: x", "/", "400" },
        { "main", "", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Id: {B}", "/v1/users/me", "400" },
        { "main", "", "E2b-Sandbox-Id: nobody", "/v1/users/me", "400" },
        { "main", "", "X-Sandbox-ID: sbx-{A}", "/nothing", "A" },
        { "main", "", "X-Access-Token: {tokenA}", "/files/nothing", "A" },
        { "main", "", "X-Access-Token: {tokenA}", "/process.Process/Nothing", "A" },
        { "main", "", "X-Access-Token: {tokenA}0", "/files/nothing", "401" },
        { "main", "", "X-Access-Token: ", "/files/nothing", Control },
        { "A", "", "", "/v1/users/me", "A" },
        { "A", "{A}.localhost", "", "/nothing", "A" },
        { "A", "{B}.localhost", "", "/nothing", "400" },
        { "A", "3000-{B}.localhost", "", "/", "400" },
        { "A", "3000-127.0.0.1", "", "/", "port" },
        { "A", "3000-{A}.localhost", "", "/", "port" },
        { "A", "api.localhost", "", "/v1/users/me", "A" },
        { "A", "", "X-Access-Token: {tokenB}", "/files/nothing", "401" },
        { "A", "", "E2b-Sandbox-Id: {B}", "/nothing", "400" },
        { "A", "", "E2b-Sandbox-Id: {A}|E2b-Sandbox-Port: 3000", "/", "port" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_goes_to_whom_it_names_and_nowhere_else(string at, string host, string headers, string path, string answers)
    {
        (RunningBox a, RunningBox b) = (await server.CreateAsync(), await server.CreateAsync());
        JsonElement seen = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{a.Name}")).Data;
        string Fill(string text) => text.Replace("{A}", a.Id.Value).Replace("{B}", b.Id.Value).Replace("{tokenA}", a.Token).Replace("{tokenB}", b.Token);

        string address = at == "A" ? seen.GetProperty("sandbox_domain").GetString()! : server.Address.Authority;
        using var client = new HttpClient();
        async Task<Reply> SendAsync(RunningBox? with)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{address}{path}");
            request.Headers.Host = host.Length > 0 ? Fill(host) : null;
            request.Headers.Add("X-API-Key", server.Key);
            foreach (string[] header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(": ")))
            {
                request.Headers.Add(header[0], Fill(header[1]));
            }

            if (with is not null)
            {
                request.Headers.Add("X-Access-Token", with.Token);
            }

            return await Reply.OfAsync(await client.SendAsync(request));
        }

        if (answers == "A")
        {
            // Its own token opens it, to find nothing there; another does not.
            bool named = headers.Contains("X-Access-Token", StringComparison.Ordinal);
            Assert.Equal(404, (await SendAsync(named ? null : a)).Status);
            Assert.True(named || (await SendAsync(b)).Status == 401);
            return;
        }

        Reply reply = await SendAsync(null);
        switch (answers)
        {
            case Control:
                Assert.True(reply.Status == (path.StartsWith("/v1", StringComparison.Ordinal) ? 200 : 404), reply.Text);
                break;
            case "400":
                Assert.Equal(400, reply.Status);
                Assert.Equal(400, reply.Json.GetProperty("code").GetInt32());
                Assert.True(reply.Json.TryGetProperty("sandboxId", out _) && reply.Json.TryGetProperty("message", out _), reply.Text);
                break;
            case "401":
                Assert.Equal(401, reply.Status);
                break;
            case "port":
                Assert.Equal(a.Id.Value, reply.Json.GetProperty("sandboxId").GetString());
                Assert.Equal(3000, reply.Json.GetProperty("port").GetInt32());
                break;
        }
    }

    [Fact]
    public async Task A_browser_is_shown_a_page()
    {
        RunningBox box = await server.CreateAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "Accept", "text/html,*/*" } } };
        request.Headers.Host = $"0-{box.Id.Value}.localhost";

        using HttpResponseMessage reply = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Equal("text/html", reply.Content.Headers.ContentType!.MediaType);
        Assert.Contains("&#x27;0&#x27; is no port", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_opens_nothing_any_more_once_its_sandbox_is_over()
    {
        RunningBox box = await server.CreateAsync();
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate");
        await server.UntilAsync(box, "terminated");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/files/nothing") { Headers = { { "X-Access-Token", box.Token } } };

        using HttpResponseMessage reply = await server.Client.SendAsync(request);
        Assert.NotEqual(HttpStatusCode.OK, reply.StatusCode);
    }

    [Theory]
    [InlineData(FaultCode.QuotaExceeded, 429)]
    [InlineData(FaultCode.RateLimited, 429)]
    [InlineData(FaultCode.NoCapacity, 503)]
    [InlineData(FaultCode.NothingListens, 502)]
    public void A_quota_that_is_used_up_is_the_callers_matter_and_a_full_server_is_not(FaultCode code, int status) =>
        Assert.Equal(status, EdgeFaults.Of(code));

    [Fact]
    public void Every_fault_has_a_status_at_the_edge() =>
        Assert.All(Enum.GetValues<FaultCode>(), code => Assert.InRange(EdgeFaults.Of(code), 400, 599));
}
