using Atoll.Domain.Network;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Templates;

/// <summary>
/// Templates as users see and change them (contracts/scalebox.md 1.5). One of another user that is not shared is not found; one
/// that is, or is the installation's own, can be read and not changed: <see cref="FaultCode.Forbidden"/>. Each may be named by its
/// id, the installation's own also by name.
/// </summary>
public interface ITemplateCatalogue
{
    Task<TemplatePage> ListAsync(Caller caller, TemplateQuery query, CancellationToken cancellation);

    Task<CatalogueTemplate> GetAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>
    /// Makes one. Of another template, or of the standard one, it can be used at once; of an image, once that was imported.
    /// <see cref="FaultCode.AlreadyExists"/> when the caller has one of this name, <see cref="FaultCode.QuotaExceeded"/> when too many.
    /// </summary>
    Task<CatalogueTemplate> CreateAsync(Caller caller, NewTemplate request, CancellationToken cancellation);

    Task<CatalogueTemplate> UpdateAsync(Caller caller, string id, TemplateChange change, CancellationToken cancellation);

    /// <summary><see cref="FaultCode.WrongState"/> while a sandbox that is not over was made of it.</summary>
    Task DeleteAsync(Caller caller, string id, CancellationToken cancellation);

    /// <param name="document">Markdown of at most <see cref="TemplateLimits.MaxDocumentBytes"/> bytes; null removes it.</param>
    Task<CatalogueTemplate> SetDocumentAsync(Caller caller, string id, string? document, CancellationToken cancellation);

    /// <summary>The template and what it was made of, the first one last.</summary>
    Task<IReadOnlyList<CatalogueTemplate>> ChainAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>How much of the disk the caller's templates take, each root counted once.</summary>
    Task<TemplateStorage> StorageAsync(Caller caller, CancellationToken cancellation);

    /// <summary>How it came to be, as the text of a Dockerfile.</summary>
    Task<string> DockerfileAsync(Caller caller, string id, CancellationToken cancellation);

    /// <summary>
    /// What whoever builds it elsewhere says of its state. <see cref="FaultCode.WrongState"/> for <see cref="TemplateStatus.Available"/>
    /// while there is no root file system.
    /// </summary>
    Task<CatalogueTemplate> SetStatusAsync(Caller caller, string id, TemplateReport report, CancellationToken cancellation);
}

/// <summary>Bounds of the contract.</summary>
public static class TemplateLimits
{
    /// <summary>Bytes of UTF-8.</summary>
    public const int MaxDocumentBytes = 65_535;
}

/// <summary>Which templates are wanted; null for all.</summary>
public sealed record TemplateQuery
{
    public TemplateStatus? Status { get; init; }
    public TemplateVisibility? Visibility { get; init; }
    public string? Name { get; init; }

    /// <summary>Text in name, description or id, whatever its case.</summary>
    public string? Search { get; init; }

    /// <summary>Only those that sandboxes can be made of now.</summary>
    public bool Usable { get; init; }

    public int Offset { get; init; }
    public int Limit { get; init; } = 20;
}

/// <param name="Total">How many there are on all pages.</param>
public sealed record TemplatePage(IReadOnlyList<CatalogueTemplate> Templates, int Total);

/// <summary>What a caller wants of a new template; null means the default, or what it is made of has.</summary>
public sealed record NewTemplate
{
    public required string Name { get; init; }
    public string? Description { get; init; }
    public int? DefaultCpuCount { get; init; }

    /// <summary>MiB.</summary>
    public int? DefaultMemoryMb { get; init; }

    public TemplateVisibility Visibility { get; init; }
    public TemplateSource Source { get; init; }
    public ImageOrigin? ImageOrigin { get; init; }
    public ImageSettings Image { get; init; } = new();

    /// <summary>Of the image's registry; kept encrypted.</summary>
    public string? RegistryPassword { get; init; }

    /// <summary>A JSON object.</summary>
    public string? Metadata { get; init; }

    /// <summary>Id, or name of one of the installation's own.</summary>
    public string? Parent { get; init; }

    public IReadOnlyList<PortMapping>? Ports { get; init; }

    /// <summary>Leave out the ports of what it is made of.</summary>
    public bool ResetPorts { get; init; }

    public string? CustomCommand { get; init; }
    public string? ReadyCommand { get; init; }
}

/// <summary>What is to change; null leaves it as it is.</summary>
public sealed record TemplateChange
{
    public string? Name { get; init; }
    public string? Description { get; init; }
    public int? DefaultCpuCount { get; init; }
    public int? DefaultMemoryMb { get; init; }
    public TemplateVisibility? Visibility { get; init; }
    public string? Metadata { get; init; }
    public IReadOnlyList<PortMapping>? Ports { get; init; }
    public string? CustomCommand { get; init; }
    public string? ReadyCommand { get; init; }
    public string? ExternalUrl { get; init; }
    public string? RegistryUsername { get; init; }
    public string? RegistryPassword { get; init; }
    public string? HarborUrl { get; init; }
}

/// <summary>What somebody says of a template that is built elsewhere.</summary>
public sealed record TemplateReport(TemplateStatus Status, string? Error, string? Logs, string? HarborUrl);

/// <summary>Bytes on the disk, and how many there may be.</summary>
public sealed record TemplateStorage(long UsedBytes, long LimitBytes);
