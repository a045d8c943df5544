using Atoll.Domain.Network;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Templates;

/// <summary>
/// Names one template, or the root file system that templates share: <c>tpl-</c> and the first 20 hex digits of a digest of what
/// it was made of, or <c>tpl-</c> and a ULID for one that somebody made over the API.
/// </summary>
public readonly record struct TemplateId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>A root file system that sandboxes start from, and their defaults.</summary>
public sealed record Template
{
    public required TemplateId Id { get; init; }
    public required string Name { get; init; }
    public string Description { get; init; } = "";
    public required int DefaultCpuCount { get; init; }

    /// <summary>MiB; also the least that a sandbox of this template may ask for.</summary>
    public required int DefaultMemoryMb { get; init; }

    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>A program and its arguments that every sandbox starts with, as <see cref="StartUser"/>; empty for none.</summary>
    public IReadOnlyList<string> Start { get; init; } = [];

    public string StartDirectory { get; init; } = "/";

    /// <summary>A name of its /etc/passwd, or a number.</summary>
    public string StartUser { get; init; } = "root";

    /// <summary>What must hold before a sandbox of it counts as running; null for nothing but its agent.</summary>
    public ReadyCheck? Ready { get; init; }

    /// <summary>Under the environment that a sandbox is given.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The root file system on the node, which several templates may share.</summary>
    public TemplateId Root
    {
        get => field == default ? Id : field;
        init;
    }

    /// <summary>Who made it; null for one of the installation's own.</summary>
    public UserId? Owner { get; init; }

    public TemplateSource Source { get; init; }

    /// <summary>Deleted by its owner; only what was made of it before still finds it.</summary>
    public bool IsDeleted { get; init; }
}

/// <summary>What sandboxes are made of: the installation's own templates, and those that users made.</summary>
public interface ITemplates
{
    /// <summary>
    /// The installation's own by name or id, anybody's by id, also one that was deleted while sandboxes or snapshots of it
    /// are left. Asks nobody who they are: for what was checked before.
    /// </summary>
    Template? Find(string nameOrId);

    /// <summary>
    /// The one that a user means, by id or by name: one of the installation's own, of the user's, or one that its owner shares.
    /// Null when there is none such; <see cref="FaultCode.WrongState"/> when nothing can be made of it (yet).
    /// </summary>
    Template? Find(UserId user, string nameOrId);
}

/// <summary>The templates that the operator built on this installation, for everybody.</summary>
public interface IBuiltInTemplates
{
    /// <summary>By name or id; null when there is none.</summary>
    Template? Find(string nameOrId);

    IReadOnlyList<Template> List();
}
