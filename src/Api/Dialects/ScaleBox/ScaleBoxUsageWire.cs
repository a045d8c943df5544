using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireUsageSummary(
    DateTime Start,
    DateTime End,
    [property: Description("Running phases of which a part is in the span.")] long TotalSessions,
    [property: Description("Those of them that go on.")] long ActiveSessions,
    [property: Description("Those of them that ended with the failure of their sandbox.")] long FailedSessions,
    double TotalSeconds,
    [property: Description("Hours that sandboxes ran.")] double TotalHours,
    [property: Description("Each hour times the processors of the sandbox.")] double CpuHours,
    [property: Description("Each hour times the GiB of memory of the sandbox.")] double MemoryGbHours,
    [property: Description("Each hour times the GiB of storage of the sandbox.")] double StorageGbHours,
    IReadOnlyList<WireUsageGroup> ByTemplate,
    IReadOnlyList<WireUsageGroup> ByProject);

internal sealed record WireUsageAnalytics(
    DateTime Start, DateTime End,
    [property: Description("day, hour, template or project.")] string GroupBy,
    [property: Description("Every hour or day of the span, also those without use; or each template or project with use.")] IReadOnlyList<WireUsageGroup> Groups);

internal sealed record WireUsageGroup(
    [property: Description("The start of the hour or day, or the id of the template or project.")] string Key,
    string Name,
    long TotalSessions,
    long ActiveSessions,
    long FailedSessions,
    double TotalSeconds,
    double TotalHours,
    double CpuHours,
    double MemoryGbHours,
    double StorageGbHours);

internal sealed record WireUsageSession(
    string SessionId,
    string SandboxId,
    string Name,
    string OwnerUserId,
    string ProjectId,
    string TemplateId,
    string TemplateName,
    int CpuCount,
    int MemoryMb,
    int StorageGb,
    DateTime StartedAt,
    [property: Description("Null while it goes on.")] DateTime? EndedAt,
    [property: Description("Until now while it goes on.")] double DurationSeconds,
    [property: Description("active or ended.")] string Status,
    [property: Description("The type of the event that began it, such as sandbox.started.")] string StartEvent,
    [property: Description("The type of the event that ended it; null while it goes on.")] string? EndEvent);

internal sealed record WireUsageSessions(IReadOnlyList<WireUsageSession> Sessions, WirePagination Pagination);

internal sealed record WireUsageEvent(
    string Id, string Type, DateTime Timestamp, string SessionId, string SandboxId, string Name, string OwnerUserId, string ProjectId);

internal sealed record WireUsageEvents(IReadOnlyList<WireUsageEvent> Events, WirePagination Pagination);

/// <summary>Use.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireUsageSummary>))]
[JsonSerializable(typeof(WireEnvelope<WireUsageAnalytics>))]
[JsonSerializable(typeof(WireEnvelope<WireUsageSessions>))]
[JsonSerializable(typeof(WireEnvelope<WireUsageEvents>))]
internal sealed partial class UsageJson : JsonSerializerContext;
