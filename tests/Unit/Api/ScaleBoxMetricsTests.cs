using System.Text.Json;
using Atoll.Api.Dialects.ScaleBox;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxMetricsTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task The_present_sample_is_in_the_list_and_flat_beside_it()
    {
        RunningBox box = await server.CreateAsync();
        JsonElement data = (await GetAsync(box, "")).Data;
        JsonElement sample = data.GetProperty("metrics").EnumerateArray().Last();
        Assert.Equal((box.Name, "running"), (data.GetProperty("sandbox_id").GetString(), data.GetProperty("status").GetString()));
        foreach (string name in new[] { "cpu_count", "mem_total", "mem_used", "disk_total", "disk_used" })
        {
            Assert.Equal(sample.GetProperty(name).GetInt64(), data.GetProperty(name).GetInt64());
        }

        Assert.True(sample.GetProperty("mem_total").GetInt64() > 0);
        Assert.Empty((await GetAsync(box, "?end=2020-01-01T00:00:00Z")).Data.GetProperty("metrics").EnumerateArray());
        (await GetAsync(box, "?start=noon")).IsError(400, "invalid_argument", "start");
    }

    [Theory]
    [InlineData("?start=1700000000&end=1800000000", 1700000000, 1800000000)]
    [InlineData("?start=1800000000&end=1700000000", 1700000000, 1800000000)]
    [InlineData("?start=1700000000000&end=2027-01-15T08:00:00Z", 1700000000, 1800000000)]
    [InlineData("?start=1700000000", 1700000000, null)]
    public void A_window_is_read_in_every_spelling_and_order(string query, int start, int? end)
    {
        var values = new QueryCollection(QueryHelpers.ParseQuery(query));
        (DateTimeOffset? from, DateTimeOffset? to) = ScaleBoxMetrics.Window(values);
        Assert.Equal((start, end), (from!.Value.ToUnixTimeSeconds(), to?.ToUnixTimeSeconds()));
    }

    private async Task<Reply> GetAsync(RunningBox box, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics{query}");
        request.Headers.Add("X-API-Key", server.Key);
        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }
}
