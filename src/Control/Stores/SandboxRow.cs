using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Stores;

/// <summary>A sandbox as its columns hold it: times in Unix milliseconds, enums as lowercase words, maps as JSON.</summary>
internal sealed class SandboxRow
{
    public string Id { get; set; } = "";
    public string Owner { get; set; } = "";
    public string Name { get; set; } = "";
    public string Description { get; set; } = "";
    public string Template { get; set; } = "";
    public string TemplateName { get; set; } = "";
    public int CpuCount { get; set; }
    public int MemoryMb { get; set; }
    public int StorageGb { get; set; }
    public bool AutoPause { get; set; }
    public bool Secure { get; set; }
    public bool AllowInternetAccess { get; set; }
    public bool PublicTraffic { get; set; }
    public string? RequestHost { get; set; }
    public string? Region { get; set; }
    public string Metadata { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Ports { get; set; } = "";
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
    public long TimeoutMs { get; set; }
    public long? TimeoutAt { get; set; }
    public string State { get; set; } = "";
    public string Phase { get; set; } = "";
    public string Reason { get; set; } = "";
    public int? LocalPort { get; set; }
    public string? Node { get; set; }
    public long? StartedAt { get; set; }
    public long? EndedAt { get; set; }
    public bool DeleteRequested { get; set; }
    public bool AutoResume { get; set; }
    public long? IdleTimeoutMs { get; set; }
    public long? PausingAt { get; set; }
    public long? PausedAt { get; set; }
    public long? ResumedAt { get; set; }
    public long RanBeforeMs { get; set; }
    public long PausedBeforeMs { get; set; }
    public string? Image { get; set; }
    public string? Source { get; set; }
    public string Mounts { get; set; } = "[]";
    public string Project { get; set; } = "";

    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static SandboxRow Of(Sandbox sandbox) => new()
    {
        Id = sandbox.Id.Value,
        Owner = sandbox.Owner.Value,
        Name = sandbox.Name,
        Description = sandbox.Description,
        Template = sandbox.Template.Value,
        TemplateName = sandbox.TemplateName,
        CpuCount = sandbox.Resources.CpuCount,
        MemoryMb = sandbox.Resources.MemoryMb,
        StorageGb = sandbox.Resources.StorageGb,
        AutoPause = sandbox.AutoPause,
        Secure = sandbox.Secure,
        AllowInternetAccess = sandbox.AllowInternetAccess,
        PublicTraffic = sandbox.PublicTraffic,
        RequestHost = sandbox.RequestHost,
        Region = sandbox.Region,
        Metadata = JsonSerializer.Serialize(sandbox.Metadata, RowJson.Default.IReadOnlyDictionaryStringString),
        Environment = JsonSerializer.Serialize(sandbox.Environment, RowJson.Default.IReadOnlyDictionaryStringString),
        Ports = JsonSerializer.Serialize(sandbox.Ports, RowJson.Default.IReadOnlyListPortMapping),
        CreatedAt = sandbox.CreatedAt.ToUnixTimeMilliseconds(),
        UpdatedAt = sandbox.UpdatedAt.ToUnixTimeMilliseconds(),
        TimeoutMs = (long)sandbox.Timeout.TotalMilliseconds,
        TimeoutAt = sandbox.ExpiresAt?.ToUnixTimeMilliseconds(),
        State = Word(sandbox.State),
        Phase = Word(sandbox.Phase),
        Reason = sandbox.Reason,
        LocalPort = sandbox.LocalPort,
        Node = sandbox.Node,
        StartedAt = sandbox.StartedAt?.ToUnixTimeMilliseconds(),
        EndedAt = sandbox.EndedAt?.ToUnixTimeMilliseconds(),
        DeleteRequested = sandbox.DeleteRequested,
        AutoResume = sandbox.AutoResume,
        IdleTimeoutMs = (long?)sandbox.IdleTimeout?.TotalMilliseconds,
        PausingAt = sandbox.PausingAt?.ToUnixTimeMilliseconds(),
        PausedAt = sandbox.PausedAt?.ToUnixTimeMilliseconds(),
        ResumedAt = sandbox.ResumedAt?.ToUnixTimeMilliseconds(),
        RanBeforeMs = (long)sandbox.RanBefore.TotalMilliseconds,
        PausedBeforeMs = (long)sandbox.PausedBefore.TotalMilliseconds,
        Image = sandbox.Image?.Value,
        Source = sandbox.Source?.Value,
        Mounts = JsonSerializer.Serialize(sandbox.Mounts, RowJson.Default.IReadOnlyListMountSlot),
        Project = sandbox.Project.Value,
    };

    public Sandbox ToSandbox() => new()
    {
        Id = SandboxId.Parse(Id),
        Owner = new UserId(Owner),
        Name = Name,
        Description = Description,
        Template = new TemplateId(Template),
        TemplateName = TemplateName,
        Resources = new SandboxResources(CpuCount, MemoryMb, StorageGb),
        AutoPause = AutoPause,
        Secure = Secure,
        AllowInternetAccess = AllowInternetAccess,
        PublicTraffic = PublicTraffic,
        RequestHost = RequestHost,
        Region = Region,
        Metadata = JsonSerializer.Deserialize(Metadata, RowJson.Default.IReadOnlyDictionaryStringString)!,
        Environment = JsonSerializer.Deserialize(Environment, RowJson.Default.IReadOnlyDictionaryStringString)!,
        Ports = JsonSerializer.Deserialize(Ports, RowJson.Default.IReadOnlyListPortMapping)!,
        CreatedAt = Time(CreatedAt),
        UpdatedAt = Time(UpdatedAt),
        Timeout = TimeSpan.FromMilliseconds(TimeoutMs),
        State = Enum.Parse<SandboxState>(State, ignoreCase: true),
        Phase = Enum.Parse<SandboxPhase>(Phase, ignoreCase: true),
        Reason = Reason,
        LocalPort = LocalPort,
        Node = Node,
        StartedAt = Time(StartedAt),
        EndedAt = Time(EndedAt),
        DeleteRequested = DeleteRequested,
        AutoResume = AutoResume,
        IdleTimeout = IdleTimeoutMs is { } idle ? TimeSpan.FromMilliseconds(idle) : null,
        PausingAt = Time(PausingAt),
        PausedAt = Time(PausedAt),
        ResumedAt = Time(ResumedAt),
        RanBefore = TimeSpan.FromMilliseconds(RanBeforeMs),
        PausedBefore = TimeSpan.FromMilliseconds(PausedBeforeMs),
        Image = Image is null ? null : ImageId.Parse(Image),
        Source = Source is null ? null : ImageId.Parse(Source),
        Mounts = JsonSerializer.Deserialize(Mounts, RowJson.Default.IReadOnlyListMountSlot)!,
        Project = new ProjectId(Project),
    };

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } known ? Time(known) : null;
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<PortMapping>))]
[JsonSerializable(typeof(IReadOnlyList<MountSlot>))]
internal sealed partial class RowJson : JsonSerializerContext;
