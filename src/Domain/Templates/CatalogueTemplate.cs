using Atoll.Domain.Network;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Templates;

/// <summary>Who may see a template and make sandboxes of it. Only its owner may change it.</summary>
public enum TemplateVisibility
{
    Private,

    /// <summary>All users of the account, which is the installation.</summary>
    AccountShared,
    Public,
}

/// <summary>Whether a template is of the installation's own family or of an image from elsewhere.</summary>
public enum TemplateSource
{
    ScaleboxFamily,
    Custom,
}

/// <summary>Where the image of a custom template is from.</summary>
public enum ImageOrigin
{
    External,
    Imported,
}

/// <summary>How far a template is in becoming usable.</summary>
public enum TemplateStatus
{
    Pending,
    Building,
    Pushing,
    Available,
    Failed,
}

/// <summary>A template with all that its owner may know of it (contracts/scalebox.md 1.5).</summary>
public sealed record CatalogueTemplate
{
    public required TemplateId Id { get; init; }

    /// <summary>Unique among its owner's.</summary>
    public required string Name { get; init; }

    public string Description { get; init; } = "";
    public required int DefaultCpuCount { get; init; }

    /// <summary>MiB.</summary>
    public required int DefaultMemoryMb { get; init; }

    public TemplateVisibility Visibility { get; init; }
    public TemplateSource Source { get; init; }

    /// <summary>Null for one that is of no image.</summary>
    public ImageOrigin? ImageOrigin { get; init; }

    public ImageSettings Image { get; init; } = new();
    public TemplateStatus Status { get; init; }

    /// <summary>Null for one of the installation's own.</summary>
    public required UserId? Owner { get; init; }

    /// <summary>Bytes on the disk; null until there is an image. Templates that share one root each count it.</summary>
    public long? ImageBytes { get; init; }

    /// <summary>A JSON object.</summary>
    public string Metadata { get; init; } = "{}";

    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>As it was given: a command line, or JSON (<c>{"Entrypoint":[..],"Cmd":[..]}</c>); empty for none.</summary>
    public string CustomCommand { get; init; } = "";

    /// <summary>As it was given: a command line, or JSON (<c>{"type":"exec|httpGet|tcpSocket",..}</c>); empty for none.</summary>
    public string ReadyCommand { get; init; } = "";

    /// <summary>What the image says of its start, environment and ports; null without one.</summary>
    public ImageConfig? ImageConfig { get; init; }

    public DateTimeOffset? BuildStartedAt { get; init; }
    public DateTimeOffset? PushStartedAt { get; init; }
    public DateTimeOffset? PushCompletedAt { get; init; }

    /// <summary>Why it failed; empty while it did not.</summary>
    public string BuildError { get; init; } = "";

    public string BuildLogs { get; init; } = "";
    public DateTimeOffset? LastStorageSyncAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Markdown; null for none.</summary>
    public string? Document { get; init; }

    /// <summary>The template that it was made of; null for none.</summary>
    public TemplateId? Parent { get; init; }

    /// <summary>The first of its chain; null for itself.</summary>
    public TemplateId? First { get; init; }

    /// <summary>Its root file system on the node; null until it has one.</summary>
    public TemplateId? Root { get; init; }

    /// <summary>Deleted by its owner, and kept for the sandboxes, snapshots and templates that are made of it.</summary>
    public bool IsDeleted { get; init; }
}

/// <summary>Addresses of a template's image, as its owner gave them. A password is kept apart and never read back.</summary>
public sealed record ImageSettings
{
    public string ExternalUrl { get; init; } = "";
    public string RegistryUsername { get; init; } = "";
    public string HarborUrl { get; init; } = "";
    public string HarborProject { get; init; } = "";
    public string HarborRepository { get; init; } = "";
    public string HarborTag { get; init; } = "latest";
}

/// <summary>What an image's configuration says (OCI image specification, "config").</summary>
public sealed record ImageConfig
{
    public IReadOnlyList<string> Entrypoint { get; init; } = [];
    public IReadOnlyList<string> Command { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public string WorkingDirectory { get; init; } = "/";
    public string User { get; init; } = "root";
    public IReadOnlyList<int> ExposedPorts { get; init; } = [];
}
