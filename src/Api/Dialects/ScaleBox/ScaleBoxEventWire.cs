using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Something that happened.</summary>
internal sealed record WireEvent(
    string Id,
    [property: Description("Orders all events; a later one has a higher number, and gaps mean nothing.")] long Sequence,
    [property: Description("Such as sandbox.started.")] string Type,
    DateTime Timestamp,
    string? SandboxId,
    [property: Description("The sandbox, template, snapshot or webhook that it happened to.")] string ResourceId,
    string OwnerUserId,
    string ProjectId,
    [property: Description("Who brought it about: a user's id, timer, node, recovery, reconciler or server.")] string By,
    string Reason,
    [property: Description("The status before; null for what was just made or has none.")] string? FromStatus,
    string? ToStatus,
    IReadOnlyDictionary<string, string> Data);

internal sealed record WireEvents(
    IReadOnlyList<WireEvent> Events,
    [property: Description("There are more behind the last one.")] bool HasMore,
    [property: Description("What to send as since (or, newest first, as before) for the next part; null when there is none.")] long? Next,
    [property: Description("The lowest sequence that is kept.")] long OldestSequence,
    [property: Description("The highest sequence given so far, of anybody's event.")] long NewestSequence);

/// <summary>First event of a stream.</summary>
internal sealed record WireEventsReady(long Since);

/// <summary>These events are kept no more.</summary>
internal sealed record WireEventsDropped(long From, long To);

internal sealed record WireEventsKeepalive(DateTime Timestamp);

/// <summary>Last event of a stream that cannot go on.</summary>
internal sealed record WireEventsError(string Code, string Message);

/// <summary>Events, and what follows from them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireEvents>))]
[JsonSerializable(typeof(WireEventsReady))]
[JsonSerializable(typeof(WireEventsDropped))]
[JsonSerializable(typeof(WireEventsKeepalive))]
[JsonSerializable(typeof(WireEventsError))]
internal sealed partial class EventJson : JsonSerializerContext;
