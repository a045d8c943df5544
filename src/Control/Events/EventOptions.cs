namespace Atoll.Control.Events;

/// <summary>How events are kept.</summary>
public sealed record EventOptions
{
    /// <summary>How long an event can be read.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How many events of the whole installation can be read; the oldest go first.</summary>
    public long Most { get; init; } = 1_000_000;

    /// <summary>How often what is beyond these bounds is removed.</summary>
    public TimeSpan TrimInterval { get; init; } = TimeSpan.FromMinutes(10);
}
