using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Atoll.Domain;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>What holds for every route: who may ask, how errors look, what a body may be.</summary>
public sealed class HttpTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("X-API-Key", "sk-ann")]
    [InlineData("x-api-key", "sk-ann")]
    [InlineData("Authorization", "Api-Key sk-ann")]
    [InlineData("Authorization", "Bearer sk-ann")]
    [InlineData("Authorization", "bearer  sk-ann ")]
    public async Task A_key_is_taken_in_each_spelling(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users/me");
        request.Headers.TryAddWithoutValidation(header, value);
        Reply reply = await Reply.OfAsync(await api.Client.SendAsync(request));
        Assert.Equal(200, reply.Status);
        Assert.Equal("ann", reply.Data.GetProperty("username").GetString());
    }

    [Theory]
    [InlineData("/v1/sandboxes", null)]
    [InlineData("/v1/sandboxes", "sk-wrong")]
    [InlineData("/v1/no/such/route", null)]
    [InlineData("/v1/sandboxes/stats", null)]
    [InlineData("/v1/sandboxes/sbx-00000000000000000000000000/exec/stream?token=wrong", null)]
    public async Task Without_a_valid_key_everything_below_v1_is_401(string path, string? key) =>
        (await api.GetAsync(path, key)).IsError(401, "unauthorized");

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/scalebox-regions")]
    [InlineData("/openapi.json")]
    public async Task Public_routes_need_no_key(string path) => Assert.Equal(200, (await api.GetAsync(path, key: null)).Status);

    [Fact]
    public async Task Regions_are_those_of_the_node()
    {
        Reply reply = await api.GetAsync("/v1/scalebox-regions", key: null);
        Assert.Equal("[{\"id\":\"us-east\",\"name\":\"US East\"}]", reply.Data.GetProperty("scalebox_regions").GetRawText());
    }

    [Theory]
    [InlineData("/v1/no/such/route")]
    [InlineData("/nothing")]
    public async Task An_unknown_route_is_404_with_a_body(string path) => (await api.GetAsync(path)).IsError(404, "not_found");

    [Fact]
    public async Task A_wrong_method_is_405_and_says_what_is_allowed()
    {
        Reply reply = await api.SendAsync(HttpMethod.Patch, "/v1/sandboxes");
        reply.IsError(405, "method_not_allowed");
        Assert.Equal(["GET", "HEAD", "POST"], reply.Message.Content.Headers.Allow.Order());
        Reply options = await api.SendAsync(HttpMethod.Options, "/v1/sandboxes", key: null);
        Assert.Equal(204, options.Status);
        Assert.Contains("POST", options.Message.Content.Headers.Allow);
    }

    [Fact]
    public async Task Head_is_get_without_the_body()
    {
        Reply reply = await api.SendAsync(HttpMethod.Head, "/v1/users/me");
        Assert.Equal((200, ""), (reply.Status, reply.Text));
    }

    [Theory]
    [InlineData("POST", "/v1/sandboxes/sbx-00000000000000000000000000/start")]
    [InlineData("GET", "/v1/sandboxes/sbx-00000000000000000000000000/logs")]
    public async Task Known_routes_that_are_not_built_say_so(string method, string path) =>
        (await api.SendAsync(new HttpMethod(method), path)).IsError(501, "not_implemented");

    [Fact]
    public async Task A_sane_request_id_comes_back_and_another_is_replaced()
    {
        foreach ((string sent, bool kept) in new[] { ("abc-1.2_3", true), ("a b", false), (new string('x', 129), false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
            request.Headers.Add("X-Request-Id", sent);
            HttpResponseMessage reply = await api.Client.SendAsync(request);
            string id = Assert.Single(reply.Headers.GetValues("X-Request-Id"));
            Assert.Equal(kept, id == sent);
            Assert.DoesNotContain("Server", reply.Headers.Select(header => header.Key));
        }
    }

    [Fact]
    public async Task The_log_never_holds_a_query()
    {
        await api.GetAsync("/v1/sandboxes/sbx-00000000000000000000000000/exec/stream?token=very-secret", key: null);
        await api.GetAsync("/health?token=very-secret");
        Assert.Contains("GET /health 200", api.Log.Text);
        Assert.DoesNotContain("very-secret", api.Log.Text);
    }

    [Fact]
    public void The_log_holds_nothing_of_the_frameworks_start()
    {
        foreach (string chatter in new[] { "Now listening", "Application started", "Hosting environment", "Content root" })
        {
            Assert.DoesNotContain(chatter, api.Log.Text);
        }
    }

    [Fact]
    public async Task The_content_type_does_not_matter()
    {
        foreach (string? type in new[] { "text/plain", "application/x-www-form-urlencoded", null })
        {
            var content = new ByteArrayContent("{\"name\":\"typed\"}"u8.ToArray());
            content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
            Assert.Equal(201, (await api.PostAsync("/v1/sandboxes", content)).Status);
            Assert.Equal("typed", api.Ports.Sandboxes.Asked!.Name);
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413_with_and_without_a_length()
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{\"name\":\"{new string('x', 1024 * 1024)}\"}}");
        foreach (bool chunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sandboxes") { Content = new ByteArrayContent(body) };
            request.Headers.Add("X-API-Key", ApiHost.Key);
            request.Headers.TransferEncodingChunked = chunked;
            request.Headers.ExpectContinue = false;
            (await Reply.OfAsync(await api.Client.SendAsync(request))).IsError(413, "too_large");
        }
    }

    /// <summary>A client that looks for the answer only after it has sent everything, far more than sockets hold.</summary>
    [Theory]
    [InlineData(false, ApiHost.Key, "413")]
    [InlineData(true, ApiHost.Key, "413")]
    [InlineData(false, "sk-wrong", "401")]
    [InlineData(true, "sk-wrong", "401")]
    public async Task A_client_that_sends_all_before_it_reads_gets_its_refusal_too(bool chunked, string key, string status)
    {
        const int pieces = 256;
        byte[] piece = new byte[64 * 1024];
        string length = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {pieces * piece.Length}";
        using var raw = new TcpClient();
        await raw.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        NetworkStream stream = raw.GetStream();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{length}\r\n\r\n"), bound.Token);
        for (int i = 0; i < pieces; i++)
        {
            byte[] frame = chunked ? [.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8] : piece;
            await stream.WriteAsync(frame, bound.Token);
        }

        byte[] answer = new byte[12];
        await stream.ReadExactlyAsync(answer, bound.Token);
        Assert.Equal($"HTTP/1.1 {status}", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task A_body_just_below_the_limit_is_read()
    {
        string command = new('x', (1024 * 1024) - 100);
        string id = await api.CreateAsync();
        Assert.Equal(201, (await api.PostAsync($"/v1/sandboxes/{id}/exec", new { command })).Status);
        Assert.Equal(command, api.Ports.Executions.Asked!.Command);
    }

    [Theory]
    [InlineData(FaultCode.NoCapacity, true)]
    [InlineData(FaultCode.QuotaExceeded, false)]
    public async Task What_may_work_later_says_when_to_try_again(FaultCode code, bool later)
    {
        api.Ports.Sandboxes.FailWith = new Fault(code, "not now").AsException();

        Reply reply = await api.PostAsync("/v1/sandboxes", "{}");

        Assert.Equal(later ? 503 : 429, reply.Status);
        Assert.Equal(later ? "10" : null, reply.Message.Headers.RetryAfter?.ToString());
    }

    [Fact]
    public async Task Malformed_json_is_400_with_the_place()
    {
        Reply reply = await api.PostAsync("/v1/sandboxes", "{\n  \"name\": nope\n}");
        reply.IsError(400, "invalid_argument");
        Assert.Contains("line 2, byte 12", reply.Error);
    }

    [Fact]
    public async Task Text_that_is_not_utf8_and_nesting_without_end_are_400()
    {
        (await api.PostAsync("/v1/sandboxes", new ByteArrayContent([.. "{\"name\":\""u8, 0xff, .. "\"}"u8]))).IsError(400, "invalid_argument");
        string deep = new string('[', 100_000) + new string(']', 100_000);
        (await api.PostAsync("/v1/sandboxes", $"{{\"a\":{deep}}}")).IsError(400, "invalid_argument");
    }

    [Fact]
    public async Task A_request_that_is_not_http_does_not_hurt_the_next_one()
    {
        using var raw = new TcpClient();
        await raw.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        NetworkStream stream = raw.GetStream();
        await stream.WriteAsync("\x15\x03\x01 nonsense\r\n\r\n"u8.ToArray());
        var answer = new byte[12];
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("HTTP/1.1 400", Encoding.ASCII.GetString(answer));
        Assert.Equal(200, (await api.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task A_key_is_shown_once_and_can_be_disabled_and_deleted()
    {
        Reply made = await api.PostAsync("/v1/api-keys", new { name = "ci", description = "d" });
        Assert.Equal(201, made.Status);
        Assert.Equal("sk-0123456789", made.Data.GetProperty("api_key").GetString());
        Assert.Equal(5, made.Data.GetProperty("max_active_api_keys").GetInt32());
        string path = "/v1/api-keys/" + made.Data.GetProperty("key_id").GetString();
        Reply list = await api.GetAsync("/v1/api-keys?status=active&search=C");
        Assert.Equal("ci", list.Data.GetProperty("api_keys")[0].GetProperty("name").GetString());
        Assert.DoesNotContain("\"api_key\"", list.Text + (await api.GetAsync(path)).Text);
        Assert.Equal("ci2", (await api.SendAsync(HttpMethod.Put, path, new { name = "ci2" })).Data.GetProperty("name").GetString());
        Assert.False((await api.SendAsync(HttpMethod.Put, path + "/status", new { is_active = false })).Data.GetProperty("is_active").GetBoolean());
        (await api.SendAsync(HttpMethod.Put, path + "/status", new { })).IsError(400, "invalid_argument", "is_active");
        (await api.GetAsync(path, ApiHost.OtherKey)).IsError(404, "not_found");
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, path)).Status);
        (await api.GetAsync(path)).IsError(404, "not_found");
        (await api.PostAsync("/v1/api-keys", new { description = "nameless" })).IsError(400, "invalid_argument", "name");
    }
}
