using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Stores;

/// <summary>A template as its columns hold it: times in Unix milliseconds, enums as lowercase words, lists as JSON.</summary>
internal sealed class CatalogueRow
{
    public string Id { get; set; } = "";
    public string Owner { get; set; } = "";
    public string Name { get; set; } = "";
    public string Description { get; set; } = "";
    public int CpuCount { get; set; }
    public int MemoryMb { get; set; }
    public string Visibility { get; set; } = "";
    public string Source { get; set; } = "";
    public string? ImageOrigin { get; set; }
    public string ExternalUrl { get; set; } = "";
    public string RegistryUsername { get; set; } = "";
    public string HarborUrl { get; set; } = "";
    public string HarborProject { get; set; } = "";
    public string HarborRepository { get; set; } = "";
    public string HarborTag { get; set; } = "";
    public string Status { get; set; } = "";
    public long? ImageBytes { get; set; }
    public string Metadata { get; set; } = "";
    public string Ports { get; set; } = "";
    public string CustomCommand { get; set; } = "";
    public string ReadyCommand { get; set; } = "";
    public string? ImageConfig { get; set; }
    public long? BuildStartedAt { get; set; }
    public long? PushStartedAt { get; set; }
    public long? PushCompletedAt { get; set; }
    public string BuildError { get; set; } = "";
    public string BuildLogs { get; set; } = "";
    public long? LastStorageSyncAt { get; set; }
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
    public string? Document { get; set; }
    public string? ParentId { get; set; }
    public string? FirstId { get; set; }
    public string? RootId { get; set; }
    public bool Deleted { get; set; }

    public static CatalogueRow Of(CatalogueTemplate template) => new()
    {
        Id = template.Id.Value,
        Owner = template.Owner?.Value ?? throw new ArgumentException("the installation's own templates are not stored", nameof(template)),
        Name = template.Name,
        Description = template.Description,
        CpuCount = template.DefaultCpuCount,
        MemoryMb = template.DefaultMemoryMb,
        Visibility = SandboxRow.Word(template.Visibility),
        Source = SandboxRow.Word(template.Source),
        ImageOrigin = template.ImageOrigin is { } origin ? SandboxRow.Word(origin) : null,
        ExternalUrl = template.Image.ExternalUrl,
        RegistryUsername = template.Image.RegistryUsername,
        HarborUrl = template.Image.HarborUrl,
        HarborProject = template.Image.HarborProject,
        HarborRepository = template.Image.HarborRepository,
        HarborTag = template.Image.HarborTag,
        Status = SandboxRow.Word(template.Status),
        ImageBytes = template.ImageBytes,
        Metadata = template.Metadata,
        Ports = JsonSerializer.Serialize(template.Ports, RowJson.Default.IReadOnlyListPortMapping),
        CustomCommand = template.CustomCommand,
        ReadyCommand = template.ReadyCommand,
        ImageConfig = template.ImageConfig is { } config ? JsonSerializer.Serialize(config, CatalogueJson.Default.ImageConfig) : null,
        BuildStartedAt = template.BuildStartedAt?.ToUnixTimeMilliseconds(),
        PushStartedAt = template.PushStartedAt?.ToUnixTimeMilliseconds(),
        PushCompletedAt = template.PushCompletedAt?.ToUnixTimeMilliseconds(),
        BuildError = template.BuildError,
        BuildLogs = template.BuildLogs,
        LastStorageSyncAt = template.LastStorageSyncAt?.ToUnixTimeMilliseconds(),
        CreatedAt = template.CreatedAt.ToUnixTimeMilliseconds(),
        UpdatedAt = template.UpdatedAt.ToUnixTimeMilliseconds(),
        Document = template.Document,
        ParentId = template.Parent?.Value,
        FirstId = template.First?.Value,
        RootId = template.Root?.Value,
        Deleted = template.IsDeleted,
    };

    public CatalogueTemplate ToTemplate() => new()
    {
        Id = new TemplateId(Id),
        Owner = new UserId(Owner),
        Name = Name,
        Description = Description,
        DefaultCpuCount = CpuCount,
        DefaultMemoryMb = MemoryMb,
        Visibility = Enum.Parse<TemplateVisibility>(Visibility, ignoreCase: true),
        Source = Enum.Parse<TemplateSource>(Source, ignoreCase: true),
        ImageOrigin = ImageOrigin is null ? null : Enum.Parse<ImageOrigin>(ImageOrigin, ignoreCase: true),
        Image = new ImageSettings
        {
            ExternalUrl = ExternalUrl,
            RegistryUsername = RegistryUsername,
            HarborUrl = HarborUrl,
            HarborProject = HarborProject,
            HarborRepository = HarborRepository,
            HarborTag = HarborTag,
        },
        Status = Enum.Parse<TemplateStatus>(Status, ignoreCase: true),
        ImageBytes = ImageBytes,
        Metadata = Metadata,
        Ports = JsonSerializer.Deserialize(Ports, RowJson.Default.IReadOnlyListPortMapping)!,
        CustomCommand = CustomCommand,
        ReadyCommand = ReadyCommand,
        ImageConfig = ImageConfig is null ? null : JsonSerializer.Deserialize(ImageConfig, CatalogueJson.Default.ImageConfig),
        BuildStartedAt = Time(BuildStartedAt),
        PushStartedAt = Time(PushStartedAt),
        PushCompletedAt = Time(PushCompletedAt),
        BuildError = BuildError,
        BuildLogs = BuildLogs,
        LastStorageSyncAt = Time(LastStorageSyncAt),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(UpdatedAt),
        Document = Document,
        Parent = IdOf(ParentId),
        First = IdOf(FirstId),
        Root = IdOf(RootId),
        IsDeleted = Deleted,
    };

    private static TemplateId? IdOf(string? id) => id is null ? null : new TemplateId(id);

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}

[JsonSerializable(typeof(ImageConfig))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
