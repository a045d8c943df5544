using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>Something that happened.</summary>
public sealed record AtollEvent : ServerRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Orders all events: a later one has a higher number, and gaps mean nothing.</summary>
    public long Sequence { get; init; }

    /// <summary>Such as sandbox.started.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>The sandbox that it concerns; null for none.</summary>
    public string? SandboxId { get; init; }

    /// <summary>The sandbox, template, snapshot or webhook that it happened to.</summary>
    public string? ResourceId { get; init; }

    /// <summary>Who brought it about: a user's id, or a part of the server.</summary>
    public string? By { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>The status before; null for what was just made or has none.</summary>
    public string? FromStatus { get; init; }

    /// <summary>The status since; null for what has none.</summary>
    public string? ToStatus { get; init; }

    /// <summary>What else there is to know of an event of this type.</summary>
    public Dictionary<string, string>? Data { get; init; }
}

/// <summary>A part of what happened.</summary>
public sealed record EventList
{
    /// <summary>The events.</summary>
    public required List<AtollEvent> Events { get; init; }

    /// <summary>Whether there are more behind the last one.</summary>
    public bool HasMore { get; init; }

    /// <summary>What <see cref="EventQuery.Since"/> or, newest first, <see cref="EventQuery.Before"/> is for the next part.</summary>
    public long? Next { get; init; }

    /// <summary>The lowest sequence that is kept.</summary>
    public long OldestSequence { get; init; }

    /// <summary>The highest sequence given so far.</summary>
    public long NewestSequence { get; init; }
}

/// <summary>Which events to list. What is null is no filter.</summary>
public sealed record EventQuery
{
    /// <summary>Only events with a higher sequence.</summary>
    public long? Since { get; init; }

    /// <summary>Only events with a lower sequence.</summary>
    public long? Before { get; init; }

    /// <summary>One type, or several with commas; <c>sandbox.*</c> for all of sandboxes.</summary>
    public string? Type { get; init; }

    /// <summary>Only of this sandbox.</summary>
    public string? SandboxId { get; init; }

    /// <summary>Only what happened from then.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Only what happened before then.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Most to return, 1 to 500; the server's default is 100.</summary>
    public int? Limit { get; init; }

    /// <summary>Null for the server's choice: oldest first with <see cref="Since"/>, else newest first.</summary>
    public bool? OldestFirst { get; init; }
}

/// <summary>What a follower of events is told, closed.</summary>
public abstract record EventNews
{
    private EventNews()
    {
    }

    /// <summary>Something happened.</summary>
    /// <param name="Event">What.</param>
    public sealed record Happened(AtollEvent Event) : EventNews;

    /// <summary>Events that the server keeps no more and that were not seen.</summary>
    /// <param name="From">The first sequence.</param>
    /// <param name="To">The last sequence.</param>
    public sealed record Dropped([property: JsonRequired] long From, [property: JsonRequired] long To) : EventNews;
}
