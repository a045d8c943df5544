using System.Text.Json;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Says templates in the dialect's words.</summary>
internal static class ScaleBoxTemplateMapping
{
    public static string Visibility(TemplateVisibility visibility) => visibility switch
    {
        TemplateVisibility.Private => "private",
        TemplateVisibility.AccountShared => "account_shared",
        TemplateVisibility.Public => "public",
        _ => throw new ArgumentOutOfRangeException(nameof(visibility), visibility, "has no word in this dialect"),
    };

    public static string Status(TemplateStatus status) => status switch
    {
        TemplateStatus.Pending => "pending",
        TemplateStatus.Building => "building",
        TemplateStatus.Pushing => "pushing",
        TemplateStatus.Available => "available",
        TemplateStatus.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "has no word in this dialect"),
    };

    public static string Source(TemplateSource source) => source switch
    {
        TemplateSource.ScaleboxFamily => "scalebox_family",
        TemplateSource.Custom => "custom",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "has no word in this dialect"),
    };

    public static string Origin(ImageOrigin origin) => origin switch
    {
        ImageOrigin.External => "external",
        ImageOrigin.Imported => "imported",
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "has no word in this dialect"),
    };

    public static WireTemplateLink Link(CatalogueTemplate template) =>
        new(template.Id.Value, template.Name, Visibility(template.Visibility));

    /// <param name="whole">Whether to include what lists leave out.</param>
    public static WireTemplate Template(this ScaleBoxMapping mapping, Caller caller, CatalogueTemplate template, bool whole) => new()
    {
        TemplateId = template.Id.Value,
        Name = template.Name,
        Description = template.Description,
        DefaultCpuCount = template.DefaultCpuCount,
        DefaultMemoryMb = template.DefaultMemoryMb,
        Visibility = Visibility(template.Visibility),
        IsPublic = template.Visibility is TemplateVisibility.Public,
        TemplateSource = Source(template.Source),
        CustomImageSource = template.ImageOrigin is { } origin ? Origin(origin) : null,
        ExternalImageUrl = template.Image.ExternalUrl,
        ExternalRegistryUsername = template.Image.RegistryUsername,
        Status = Status(template.Status),
        OwnerUserId = template.Owner?.Value,
        OwnerId = template.Owner?.Value,
        OwnerAccountId = template.Owner is { } user ? ScaleBoxMapping.Account(user) : null,
        HarborImageUrl = template.Image.HarborUrl,
        HarborProject = template.Image.HarborProject,
        HarborRepository = template.Image.HarborRepository,
        HarborTag = template.Image.HarborTag,
        ImageSizeBytes = template.ImageBytes,
        Metadata = JsonDocument.Parse(template.Metadata).RootElement,
        Ports = Ports(template.Ports),
        CustomCommand = template.CustomCommand,
        ReadyCommand = template.ReadyCommand,
        BuildStartedAt = template.BuildStartedAt?.UtcDateTime,
        PushStartedAt = template.PushStartedAt?.UtcDateTime,
        PushCompletedAt = template.PushCompletedAt?.UtcDateTime,
        BuildErrorMessage = template.BuildError,
        LastStorageSyncAt = template.LastStorageSyncAt?.UtcDateTime,
        CreatedAt = template.CreatedAt.UtcDateTime,
        UpdatedAt = template.UpdatedAt.UtcDateTime,
        Owner = template.Owner is { } owner ? mapping.Owner(caller, owner) : null,
        HasTemplateDocument = template.Document is not null,
        BaseTemplateId = template.Parent?.Value,
        ParentTemplateId = whole ? template.Parent?.Value : null,
        RootTemplateId = whole ? (template.First ?? template.Id).Value : null,
        TemplateDocument = whole ? template.Document ?? "" : null,
    };

    public static WireCapturedTemplate Captured(CatalogueTemplate template) => new(
        template.Id.Value, template.Name, template.Description, template.DefaultCpuCount, template.DefaultMemoryMb, Visibility(template.Visibility),
        template.Visibility is TemplateVisibility.Public, Status(template.Status), template.Image.HarborProject, template.Image.HarborRepository,
        template.Image.HarborTag, template.Parent?.Value, Ports(template.Ports), template.CustomCommand, template.ReadyCommand,
        template.CreatedAt.UtcDateTime, "The sandbox's files are being stored; the template is building until its status is available or failed.");

    /// <summary>Ports as the contract has them: JSON in a text.</summary>
    public static string Ports(IReadOnlyList<PortMapping> ports) =>
        JsonSerializer.Serialize([.. ports.Select(ScaleBoxMapping.Port)], ScaleBoxJson.Of<IReadOnlyList<WirePort>>());
}
