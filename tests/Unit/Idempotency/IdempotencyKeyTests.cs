using System.Net.Http.Json;
using Atoll.Domain;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Idempotency;

/// <summary>What the header does to a request, over doubles of the ports.</summary>
public sealed class IdempotencyKeyTests(ApiHost api) : IClassFixture<ApiHost>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static TheoryData<string, bool> Keys() => new()
    {
        { "k", true }, { "with a space and ~!\"", true }, { new string('k', 255), true },
        { new string('k', 256), false }, { "", false }, { "a\u007fb", false }, { "a\tb", false },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_key_is_1_to_255_printable_characters(string key, bool good)
    {
        Reply reply = await SendAsync("/v1/sandboxes", new { }, key);
        if (good)
        {
            Assert.Equal(201, reply.Status);
        }
        else
        {
            reply.IsError(400, "invalid_argument", "Idempotency-Key");
        }
    }

    [Theory]
    [InlineData("/v1/sandboxes", """{"name":"twice"}""")]
    [InlineData("/v2/sandboxes", """{"templateID":"base"}""")]
    public async Task The_same_request_again_is_given_the_same_answer_and_another_is_refused(string path, string body)
    {
        string key = $"same {path}";
        Reply first = await SendAsync(path, body, key);
        Reply again = await SendAsync(path, body, key);
        Reply other = await SendAsync(path, body.Replace('}', ' ') + ",\"metadata\":{}}", key);
        Reply elsewhere = await SendAsync(path + "?x=1", body, key);
        Reply fresh = await SendAsync(path, body, key + " fresh");

        Assert.Equal((201, first.Text), (again.Status, again.Text));
        Assert.Equal(first.Message.Content.Headers.ContentType, again.Message.Content.Headers.ContentType);
        Assert.False(first.Message.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(["true"], again.Message.Headers.GetValues("Idempotency-Replayed"));
        Assert.NotEqual(first.Message.Headers.GetValues("X-Request-Id"), again.Message.Headers.GetValues("X-Request-Id"));
        Assert.Equal((422, 422), (other.Status, elsewhere.Status));
        Assert.NotEqual(first.Text, fresh.Text);
    }

    [Theory]
    [InlineData("/v1/sandboxes", 503)]
    [InlineData("/v1/sandboxes/batch-pause", 503)]
    [InlineData("/v1/sandboxes/batch-delete", 202)]
    [InlineData("/v1/sandboxes/batch-terminate", 202)]
    public async Task On_a_full_disk_what_ends_sandboxes_is_done_and_what_does_not_is_refused(string path, int status) =>
        Assert.Equal(status, (await SendAsync(path, new { sandbox_ids = new[] { "sbx-1" } }, RequestMemoryDouble.FullDisk)).Status);

    [Fact]
    public async Task The_keys_of_two_users_are_two_keys()
    {
        Reply anns = await SendAsync("/v1/sandboxes", new { }, "shared");
        Reply bobs = await SendAsync("/v1/sandboxes", new { name = "bobs" }, "shared", ApiHost.OtherKey);

        Assert.Equal((201, 201), (anns.Status, bobs.Status));
    }

    [Theory]
    [InlineData(FaultCode.NotFound, 404, true)]
    [InlineData(FaultCode.InvalidArgument, 400, true)]
    [InlineData(FaultCode.NoCapacity, 503, false)]
    [InlineData(FaultCode.RateLimited, 429, false)]
    [InlineData(FaultCode.Internal, 500, false)]
    public async Task A_refusal_is_remembered_and_a_failure_that_may_pass_is_not(FaultCode code, int status, bool kept)
    {
        string key = $"refused {code}";
        api.Ports.Sandboxes.FailWith = new Fault(code, "not now").AsException();
        Reply first = await SendAsync("/v1/sandboxes", new { }, key);
        Reply again = await SendAsync("/v1/sandboxes", new { }, key);

        Assert.Equal(status, first.Status);
        Assert.Equal(kept ? status : 201, again.Status);
        Assert.Equal(kept, again.Message.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task While_the_first_is_under_way_the_second_is_told_to_come_again_and_the_first_is_done_though_its_client_leaves()
    {
        using var reached = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        int made = 0;
        api.Ports.Sandboxes.Shape = sandbox =>
        {
            made++;
            reached.Release();
            Assert.True(gate.Wait(Bound));
            return sandbox;
        };
        using var leaving = new CancellationTokenSource();
        Task<Reply> first = SendAsync("/v1/sandboxes", new { }, "slow", cancellation: leaving.Token);
        Assert.True(await reached.WaitAsync(Bound));

        Reply second = await SendAsync("/v1/sandboxes", new { }, "slow");
        second.IsError(409, "request_in_progress", "Idempotency-Key");
        Assert.Equal("1", second.Message.Headers.RetryAfter?.ToString());

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        api.Ports.Sandboxes.Shape = sandbox => sandbox;
        gate.Release();
        using var bound = new CancellationTokenSource(Bound);
        Reply last = second;
        while (last.Status == 409)
        {
            last = await SendAsync("/v1/sandboxes", new { }, "slow", cancellation: bound.Token);
        }

        Assert.Equal((201, 1), (last.Status, made));
        Assert.True(last.Message.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_read_takes_no_notice_of_a_key_and_a_body_too_large_is_refused_before_it_counts()
    {
        string id = await api.CreateAsync();
        using var read = new HttpRequestMessage(HttpMethod.Get, $"/v1/sandboxes/{id}");
        read.Headers.Add("X-API-Key", ApiHost.Key);
        read.Headers.Add("Idempotency-Key", "read");
        Assert.Equal(200, (await Reply.OfAsync(await api.Client.SendAsync(read))).Status);

        (await SendAsync("/v1/sandboxes", $$"""{"name":"{{new string('x', 1024 * 1024)}}"}""", "read")).IsError(413, "too_large");
        Assert.Equal(201, (await SendAsync("/v1/sandboxes", new { }, "read")).Status);
    }

    private async Task<Reply> SendAsync(
        string path, object body, string key, string caller = ApiHost.Key, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = body is string text ? new StringContent(text) : JsonContent.Create(body),
        };
        request.Headers.Add("X-API-Key", caller);
        Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
        return await Reply.OfAsync(await api.Client.SendAsync(request, cancellation));
    }
}
