using Atoll.Domain.Network;

namespace Atoll.Domain.Templates;

/// <summary>Names one template: <c>tpl-</c> and the first 20 hex digits of its recipe's SHA-256.</summary>
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

    /// <summary>A program and its arguments that every sandbox starts with, as root; empty for none.</summary>
    public IReadOnlyList<string> Start { get; init; } = [];

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The templates that can be used on this installation.</summary>
public interface ITemplates
{
    /// <summary>Finds one by name or id; null when there is none.</summary>
    Template? Find(string nameOrId);

    IReadOnlyList<Template> List();
}
