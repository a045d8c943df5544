using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Events;

/// <summary>Something that happened, as the one who knows of it says it.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Owner">Whose thing it happened to, and who may read of it.</param>
/// <param name="Subject">Id of what it happened to, in the domain's own spelling.</param>
public sealed record NewEvent(string Type, UserId Owner, string Subject)
{
    /// <summary>The sandbox that it happened to, or that a snapshot is of; null for none.</summary>
    public SandboxId? Sandbox { get; init; }

    /// <summary>The project that the thing is in; null where there are none.</summary>
    public string? Project { get; init; }

    /// <summary>Who or what brought it about: a user's id, <c>timer</c>, <c>node</c>, <c>recovery</c>, <c>reconciler</c>, <c>server</c>.</summary>
    public string By { get; init; } = "server";

    /// <summary>Why, in a sentence; empty when nothing needs saying.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The state before; null for what was just made and for what has no states.</summary>
    public SandboxState? From { get; init; }

    /// <summary>The state after; null for what has no states.</summary>
    public SandboxState? To { get; init; }

    /// <summary>What else a reader may want to know of the thing, which may be gone when the event is read.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();
}

/// <summary>An event as it is kept.</summary>
/// <param name="Sequence">Orders all events of the installation; a later one has a higher number, and no number comes twice.</param>
/// <param name="Id"><c>evt-</c> and a ULID.</param>
public sealed record LoggedEvent(long Sequence, string Id, DateTimeOffset At, NewEvent What);
