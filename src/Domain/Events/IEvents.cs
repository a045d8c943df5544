using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Events;

/// <summary>
/// Reads what happened. A caller sees what happened to the things it owns, admins and the root user all. Events outlive the things that
/// they happened to; the oldest are dropped after a time and beyond a number.
/// </summary>
public interface IEvents
{
    /// <exception cref="FaultException"><see cref="FaultCode.NotFound"/> for a sandbox of which the caller can see neither a record nor an event.</exception>
    Task<EventPage> ListAsync(Caller caller, EventQuery query, CancellationToken cancellation);

    /// <summary>
    /// What happened behind <paramref name="since"/> and whatever happens from then on, in order, nothing twice. First comes a
    /// <see cref="EventNews.Began"/>. Does not end by itself.
    /// </summary>
    /// <param name="since">The number of the last event seen; null for none but those to come.</param>
    /// <exception cref="FaultException"><see cref="FaultCode.RateLimited"/> when the caller follows too often at once.</exception>
    IAsyncEnumerable<EventNews> FollowAsync(Caller caller, EventFilter filter, long? since, CancellationToken cancellation);
}

/// <summary>Which events are wanted.</summary>
public sealed record EventFilter
{
    /// <summary>Types; empty for all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    public SandboxId? Sandbox { get; init; }
}

/// <summary>Which part of which events is wanted.</summary>
public sealed record EventQuery
{
    public const int MaxLimit = 500;

    public EventFilter Filter { get; init; } = new();

    /// <summary>Only those with a higher number.</summary>
    public long? Since { get; init; }

    /// <summary>Only those with a lower number.</summary>
    public long? Before { get; init; }

    /// <summary>Only those that happened then or later.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Only those that happened before then.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Newest first.</summary>
    public bool Descending { get; init; }

    /// <summary>Most to return, 1 to <see cref="MaxLimit"/>.</summary>
    public int Limit { get; init; } = 100;
}

/// <param name="HasMore">There are more behind the last one, in the order that was asked for.</param>
/// <param name="Oldest">The lowest number that is kept.</param>
/// <param name="Newest">The highest number given so far; 0 before the first.</param>
public sealed record EventPage(IReadOnlyList<LoggedEvent> Events, bool HasMore, long Oldest, long Newest);

/// <summary>What a follower is told, closed.</summary>
public abstract record EventNews
{
    private EventNews()
    {
    }

    /// <param name="Since">Everything behind this number follows.</param>
    public sealed record Began(long Since) : EventNews;

    public sealed record Happened(LoggedEvent Event) : EventNews;

    /// <summary>Events of these numbers are not kept any more, and the follower has not been told of them.</summary>
    public sealed record Dropped(long From, long To) : EventNews;
}
