using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireExecStarted(
    [property: Description("Path of the event stream on this server.")] string StreamPath,
    DateTime StartedAt,
    [property: Description("When the command is killed.")] DateTime Deadline);

internal sealed record WireExecActive(bool Active)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StreamPath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Command { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cwd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? StartedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? Deadline { get; init; }
}

internal sealed record WireExecCancelled(bool Cancelled);

/// <summary>Event <c>ready</c>: the stream is attached.</summary>
internal sealed record WireExecReady(string SandboxId, DateTime StartedAt);

/// <summary>Event <c>start</c>.</summary>
internal sealed record WireExecStart(int Pid);

/// <summary>Events <c>stdout</c> and <c>stderr</c>.</summary>
internal sealed record WireExecOutput([property: JsonPropertyName("data_b64")] ReadOnlyMemory<byte> DataB64);

/// <summary>Event <c>dropped</c>: output that the reader will never see.</summary>
internal sealed record WireExecDropped(long From, long To, long Bytes);

/// <summary>Event <c>keepalive</c>.</summary>
internal sealed record WireExecKeepalive(DateTime Timestamp);

/// <summary>Event <c>end</c>. A command ended by a signal has exit code 128 + the signal.</summary>
internal sealed record WireExecEnd(int ExitCode, int Signal);

/// <summary>Event <c>error</c>: the stream ends without the command's end being known.</summary>
internal sealed record WireExecError(string Code, string Message);
