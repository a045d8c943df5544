using System.Text.Json;
using Atoll.Api.Dialects.ScaleBox;
using Atoll.Control.Metrics;
using Atoll.Domain.Metrics;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Metrics;

/// <summary>History, charts and totals as clients of both dialects read them.</summary>
public sealed class MetricRouteTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task A_sandbox_that_is_over_answers_its_history_with_its_status()
    {
        RunningBox box = await SampledAsync();
        Assert.Equal(202, (await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/terminate")).Status);
        await server.UntilAsync(box, "terminated");

        JsonElement data = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics")).Data;
        Assert.Equal("terminated", data.GetProperty("status").GetString());
        Assert.NotEmpty(data.GetProperty("metrics").EnumerateArray());
        Assert.Equal(data.GetProperty("metrics")[data.GetProperty("metrics").GetArrayLength() - 1].GetProperty("mem_used").GetInt64(), data.GetProperty("mem_used").GetInt64());

        JsonElement past = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics?start=1700000000&end=1700000300")).Data;
        Assert.Empty(past.GetProperty("metrics").EnumerateArray());
        Assert.Contains("terminated", past.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chart_has_a_series_for_each_resource_with_statistics_and_limits()
    {
        RunningBox box = await SampledAsync();
        JsonElement data = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics/chart?step=15m")).Data;

        Assert.Equal((box.Name, "running"), (data.GetProperty("sandbox_id").GetString(), data.GetProperty("status").GetString()));
        Assert.Equal(900, data.GetProperty("time_window").GetProperty("step").GetDouble());
        Assert.Equal("line", data.GetProperty("chart_config").GetProperty("type").GetString());
        foreach (string name in new[] { "cpu_usage", "memory_usage", "disk_usage" })
        {
            JsonElement series = data.GetProperty("metrics").GetProperty(name);
            double value = series.GetProperty("data")[0].GetProperty("value").GetDouble();
            Assert.InRange(value, 0, 100);
            Assert.InRange(series.GetProperty("statistics").GetProperty("average").GetDouble(), 0, 100);
            Assert.StartsWith("#", series.GetProperty("color").GetString());
        }

        Assert.Equal(512L << 20, data.GetProperty("reference_limits").GetProperty("memory_bytes").GetInt64());
        (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics/chart?step=soon")).IsError(400, "invalid_argument", "step");
        (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/metrics?step=0")).IsError(400, "invalid_argument", "step");
        (await server.ControlAsync(HttpMethod.Get, "/v1/sandboxes/sbx-00000000000000000000000000/metrics/chart")).IsError(404, "not_found");
    }

    [Fact]
    public async Task The_totals_count_the_callers_sandboxes_and_the_route_is_no_id()
    {
        JsonElement before = (await server.ControlAsync(HttpMethod.Get, "/v1/sandboxes/stats")).Data;
        RunningBox over = await SampledAsync();
        await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{over.Name}/terminate");
        await server.UntilAsync(over, "terminated");
        await SampledAsync();
        JsonElement after = (await server.ControlAsync(HttpMethod.Get, "/v1/sandboxes/stats")).Data;

        Assert.Equal(before.GetProperty("total_sandboxes").GetInt32() + 2, after.GetProperty("total_sandboxes").GetInt32());
        Assert.Equal(before.GetProperty("terminated_sandboxes").GetInt32() + 1, after.GetProperty("terminated_sandboxes").GetInt32());
        Assert.True(after.GetProperty("running_sandboxes").GetInt32() >= 1);
        Assert.InRange(after.GetProperty("avg_memory_usage").GetDouble(), 0, 100);
        Assert.InRange(after.GetProperty("avg_cpu_usage").GetDouble(), 0, 100);
        Assert.True(after.GetProperty("total_uptime_hours").GetDouble() >= 0);
    }

    [Fact]
    public async Task E2bs_clients_are_told_what_was_sampled_at_the_moments_that_they_ask_for()
    {
        RunningBox box = await SampledAsync();
        string id = box.Id.Value;
        JsonElement[] all = [.. (await server.ControlAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics")).Json.EnumerateArray()];
        long first = all[0].GetProperty("timestampUnix").GetInt64();

        JsonElement one = Assert.Single((await server.ControlAsync(HttpMethod.Get, $"/sandboxes/{id}/metrics?start={first}&end={first}")).Json.EnumerateArray());
        Assert.Equal(first, one.GetProperty("timestampUnix").GetInt64());
        JsonElement many = (await server.ControlAsync(HttpMethod.Get, $"/sandboxes/metrics?sandbox_ids={id}")).Json.GetProperty("sandboxes");
        Assert.True(many.GetProperty(id).GetProperty("memTotal").GetInt64() > 0);
    }

    [Theory]
    [InlineData("5", 5_000)]
    [InlineData("5s", 5_000)]
    [InlineData("500ms", 500)]
    [InlineData("15m", 900_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData(null, null)]
    public void A_step_is_seconds_or_a_duration(string? text, int? milliseconds) => Assert.Equal(
        milliseconds, ScaleBoxMetrics.Step(new QueryCollection(QueryHelpers.ParseQuery(text is null ? "" : $"?step={text}")))?.TotalMilliseconds);

    [Theory]
    [InlineData(new double[0], "stable")]
    [InlineData(new[] { 10.0, 90 }, "stable")]
    [InlineData(new[] { 10.0, 50, 90 }, "rising")]
    [InlineData(new[] { 90.0, 50, 10 }, "falling")]
    [InlineData(new[] { 50.0, 99, 52 }, "stable")]
    public void A_trend_is_the_difference_of_the_first_and_the_last_third(double[] values, string trend) =>
        Assert.Equal(trend, ScaleBoxChart.TrendOf(values));

    /// <summary>A running sandbox that a round has seen, in a step before the present.</summary>
    private async Task<RunningBox> SampledAsync()
    {
        RunningBox box = await server.CreateAsync();
        var sampler = server.Services.GetRequiredService<Sampler>();
        await sampler.SampleAsync(Sampler.OnGrid(DateTimeOffset.UtcNow) - (2 * ISandboxMetrics.Interval), default);
        return box;
    }
}
