using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>The times and counts of a sandbox in each of its statuses, as clients assert them.</summary>
public sealed class ScaleBoxTimesTests(ApiHost api) : IClassFixture<ApiHost>
{
    private static readonly string[] Numbers =
    [
        "timeout", "remaining_seconds", "uptime", "total_running_seconds", "total_paused_seconds", "actual_total_running_seconds",
        "actual_total_paused_seconds",
    ];

    private static readonly string[] Times =
        ["started_at", "stopped_at", "ended_at", "timeout_at", "pausing_at", "paused_at", "resumed_at", "persistence_expires_at"];

    // State; seconds ago: started, pausing, paused, resumed, ended; seconds before: ran, paused; then what is to be told: ran, paused, remaining.
    [Theory]
    [InlineData(SandboxState.Created, null, null, null, null, null, 0, 0, 0, 0, 0)]
    [InlineData(SandboxState.Starting, null, null, null, null, null, 0, 0, 0, 0, 0)]
    [InlineData(SandboxState.Running, 100, null, null, null, null, 0, 0, 100, 0, 500)]
    [InlineData(SandboxState.Forking, 100, null, null, null, null, 0, 0, 100, 0, 500)]
    [InlineData(SandboxState.Pausing, 100, 10, null, null, null, 0, 0, 90, 0, 0)]
    [InlineData(SandboxState.Paused, 100, 61, 60, null, null, 39, 0, 39, 60, 0)]
    [InlineData(SandboxState.Resuming, 100, 61, 60, null, null, 39, 0, 39, 60, 0)]
    [InlineData(SandboxState.Running, 20, 61, 60, 20, null, 40, 40, 60, 40, 580)]
    [InlineData(SandboxState.Paused, 20, 6, 5, 20, null, 54, 40, 54, 45, 0)]
    [InlineData(SandboxState.Terminating, 20, 61, 60, 20, null, 60, 40, 60, 40, 0)]
    [InlineData(SandboxState.Terminated, 100, null, null, null, 30, 70, 0, 70, 0, 0)]
    [InlineData(SandboxState.Terminated, 100, 61, 60, null, 30, 39, 30, 39, 30, 0)]
    [InlineData(SandboxState.Failed, 100, null, null, null, 30, 70, 0, 70, 0, 0)]
    public async Task Are_numbers_and_times_or_null(
        SandboxState state, int? started, int? pausing, int? paused, int? resumed, int? ended, int ranBefore, int pausedBefore,
        int ran, int wasPaused, int remaining)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        DateTimeOffset? Ago(int? seconds) => seconds is { } s ? now.AddSeconds(-s) : null;
        api.Ports.Sandboxes.Shape = sandbox => sandbox with
        {
            State = state, Timeout = TimeSpan.FromSeconds(600), StartedAt = Ago(started), PausingAt = Ago(pausing), PausedAt = Ago(paused),
            ResumedAt = Ago(resumed), EndedAt = Ago(ended), RanBefore = TimeSpan.FromSeconds(ranBefore), PausedBefore = TimeSpan.FromSeconds(pausedBefore),
            AutoPause = true, AutoResume = true, IdleTimeout = TimeSpan.FromSeconds(90),
        };
        Reply made = await api.PostAsync("/v1/sandboxes", new { is_async = true });
        JsonElement data = (await api.GetAsync($"/v1/sandboxes/{made.Data.GetProperty("sandbox_id").GetString()}")).Data;

        Assert.All(Numbers, name => Assert.True(data.GetProperty(name).TryGetInt32(out _), name));
        Assert.All(Times, name => Assert.True(
            data.GetProperty(name) is { ValueKind: JsonValueKind.Null } or { ValueKind: JsonValueKind.String }, name));
        foreach ((string name, int expected) in new[]
        {
            ("uptime", ran), ("total_running_seconds", ran), ("actual_total_running_seconds", ran),
            ("total_paused_seconds", wasPaused), ("actual_total_paused_seconds", wasPaused),
        })
        {
            // Time goes on while this is asked.
            Assert.InRange(data.GetProperty(name).GetInt32(), expected, expected + 30);
        }

        Assert.InRange(data.GetProperty("remaining_seconds").GetInt32(), Math.Max(0, remaining - 30), remaining);
        Assert.Equal(state is SandboxState.Running or SandboxState.Forking, data.GetProperty("timeout_at").ValueKind is JsonValueKind.String);
        Assert.Equal(paused is not null, data.GetProperty("paused_at").ValueKind is JsonValueKind.String);
        Assert.Equal(state is SandboxState.Terminated ? "completed" : null, data.GetProperty("lifecycle_outcome").GetString());
        Assert.Equal((true, true, 90), (data.GetProperty("auto_pause").GetBoolean(), data.GetProperty("auto_resume").GetBoolean(), data.GetProperty("idle_timeout").GetInt32()));
    }

    [Theory]
    [InlineData(SandboxState.Running, "current_phase", 20)]
    [InlineData(SandboxState.Paused, "next_phase", 0)]
    public async Task A_timeout_says_to_which_phase_it_applies_and_how_much_of_it_is_used(SandboxState state, string appliesTo, int used)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        api.Ports.Sandboxes.Shape = sandbox => sandbox with
        {
            State = state, StartedAt = now.AddSeconds(-20), PausedAt = state is SandboxState.Paused ? now : null, RanBefore = TimeSpan.FromSeconds(1000),
        };
        Reply made = await api.PostAsync("/v1/sandboxes", new { is_async = true });
        JsonElement data = (await api.PostAsync($"/v1/sandboxes/{made.Data.GetProperty("sandbox_id").GetString()}/timeout", new { timeout = 700 })).Data;

        Assert.Equal((700, appliesTo), (data.GetProperty("timeout").GetInt32(), data.GetProperty("applies_to").GetString()));
        Assert.InRange(data.GetProperty("used_lifetime").GetInt32(), used, used == 0 ? 0 : used + 30);
        Assert.Equal(used > 0, data.GetProperty("timeout_at").ValueKind is JsonValueKind.String);
        Assert.True(data.GetProperty("remaining_time").TryGetInt32(out _));
        Assert.NotEqual("", data.GetProperty("note").GetString());
    }
}
