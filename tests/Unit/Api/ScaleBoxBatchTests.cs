using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxBatchTests(ApiHost api) : IClassFixture<ApiHost>
{
    private static readonly string Unknown = $"sbx-{SandboxId.New(DateTimeOffset.UnixEpoch)}";

    [Theory]
    [InlineData("batch-pause", "paused")]
    [InlineData("batch-terminate", "termination_in_progress")]
    [InlineData("batch-delete", "deletion_in_progress")]
    public async Task Each_sandbox_has_its_own_outcome_in_the_order_of_the_request(string route, string status)
    {
        string first = await api.CreateAsync();
        string second = await api.CreateAsync();
        Reply reply = await api.PostAsync($"/v1/sandboxes/{route}", new { sandbox_ids = new[] { first, "nonsense", Unknown, second, first }, force = true });
        Assert.Equal(202, reply.Status);
        Assert.NotEqual("", reply.Json.GetProperty("message").GetString());
        Assert.Equal([5, 2, 3, 2, 3], Counts(reply));
        JsonElement[] results = [.. reply.Data.GetProperty("results").EnumerateArray()];
        Assert.Equal([first, "nonsense", Unknown, second, first], results.Select(result => result.GetProperty("sandbox_id").GetString()));
        Assert.Equal([status, "error", "error", status, "error"], results.Select(result => result.GetProperty("status").GetString()));
        Assert.False(results[0].TryGetProperty("error", out _));
        Assert.Contains($"'{Unknown}' not found", results[2].GetProperty("error").GetString());
        Assert.Contains("more than once", results[4].GetProperty("error").GetString());
    }

    [Fact]
    public async Task Paused_sandboxes_are_resumed_and_one_that_runs_is_an_error_of_its_own()
    {
        string paused = await api.CreateAsync();
        string running = await api.CreateAsync();
        await api.PostAsync($"/v1/sandboxes/{paused}/pause");
        Reply reply = await api.PostAsync("/v1/sandboxes/batch-resume", new { sandbox_ids = new[] { paused, running } });
        Assert.Equal([2, 1, 1, 1, 1], Counts(reply));
        Assert.Equal(["running", "error"], reply.Data.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_sandbox_with_short_lived_credentials_is_not_resumed_by_a_batch()
    {
        string id = await api.CreateAsync();
        await api.PostAsync($"/v1/sandboxes/{id}/pause");
        await api.PostAsync($"/v1/sandboxes/{id}/resume", """
            {"object_storage":{"mounts":[{"mount_point":"/m","uri":"s3://b","access_key":"k","secret_key":"s","session_token":"t","region":"r"}]}}
            """);
        await api.PostAsync($"/v1/sandboxes/{id}/pause");
        Reply reply = await api.PostAsync("/v1/sandboxes/batch-resume", new { sandbox_ids = new[] { id } });
        Assert.Equal([1, 0, 1, 0, 1], Counts(reply));
        Assert.Contains("short-lived", reply.Data.GetProperty("results")[0].GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_hundred_is_the_most_and_all_of_them_are_served()
    {
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => api.CreateAsync()));
        Reply reply = await api.PostAsync("/v1/sandboxes/batch-pause", new { sandbox_ids = ids });
        Assert.Equal([100, 100, 0, 100, 0], Counts(reply));
        Assert.Equal(ids, reply.Data.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("sandbox_id").GetString()));
        (await api.PostAsync("/v1/sandboxes/batch-pause", new { sandbox_ids = ids.Append(Unknown) })).IsError(400, "invalid_argument", "sandbox_ids");
    }

    [Theory]
    [InlineData("""{}""", "sandbox_ids")]
    [InlineData("""{"sandbox_ids":[]}""", "sandbox_ids")]
    [InlineData("""{"sandbox_ids":"sbx-1"}""", "sandbox_ids")]
    [InlineData("""{"sandbox_ids":[1]}""", "sandbox_ids[0]")]
    [InlineData("""{"sandbox_ids":["a"],"force":1}""", "force")]
    public async Task Bad_input_is_400_and_names_the_field(string body, string field)
    {
        foreach (string route in new[] { "batch-delete", "batch-terminate", "batch-pause", "batch-resume" })
        {
            (await api.PostAsync($"/v1/sandboxes/{route}", body)).IsError(400, "invalid_argument", field);
        }
    }

    private static int[] Counts(Reply reply) =>
        [.. new[] { "total", "successful", "failed", "successful_count", "failed_count" }.Select(name => reply.Data.GetProperty(name).GetInt32())];
}
