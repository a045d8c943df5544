using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>What sandboxes are made of (contracts/scalebox.md 1.5).</summary>
public sealed record Template : ServerRecord
{
    /// <summary><c>tpl-</c> and an id.</summary>
    public required string TemplateId { get; init; }

    /// <summary>4 to 32 of a-z, 0-9, _ and -.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>pending, building, pushing, available or failed.</summary>
    public string? Status { get; init; }

    /// <summary>private, account_shared or public.</summary>
    public string? Visibility { get; init; }

    /// <summary>scalebox_family or custom.</summary>
    public string? TemplateSource { get; init; }

    /// <summary>Processors of a sandbox that does not say.</summary>
    public int? DefaultCpuCount { get; init; }

    /// <summary>Memory in MiB of a sandbox that does not say; also the least that it may ask for.</summary>
    public int? DefaultMemoryMb { get; init; }

    /// <summary>What it takes on the server's disk.</summary>
    public long? ImageSizeBytes { get; init; }

    /// <summary>Why its image could not be made; empty when it could.</summary>
    public string? BuildErrorMessage { get; init; }

    /// <summary>Started in every new sandbox.</summary>
    public string? CustomCommand { get; init; }

    /// <summary>Waited for in every new sandbox.</summary>
    public string? ReadyCommand { get; init; }

    /// <summary>Its ports: a JSON array, or a text that holds one.</summary>
    public JsonElement? Ports { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of templates.</summary>
public sealed record TemplatePage : Page<Template>
{
    /// <summary>The templates.</summary>
    public required List<Template> Templates { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Template> Items => Templates;
}

/// <summary>Which templates to list. What is null is no filter.</summary>
public sealed record TemplateQuery : PageQuery
{
    /// <summary>Only the one of exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Only those whose name or description holds this.</summary>
    public string? Search { get; init; }

    /// <summary>Only those of this visibility.</summary>
    public string? Visibility { get; init; }

    /// <summary>Only those in this status.</summary>
    public string? Status { get; init; }
}

/// <summary>What a template is to be, or what is to change of it. What is null takes the server's default, or stays.</summary>
public sealed record TemplateSpec
{
    /// <summary>4 to 32 of a-z, 0-9, _ and -.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Processors of a sandbox that does not say.</summary>
    public int? DefaultCpuCount { get; init; }

    /// <summary>Memory in MiB of a sandbox that does not say.</summary>
    public int? DefaultMemoryMb { get; init; }

    /// <summary>private, account_shared or public.</summary>
    public string? Visibility { get; init; }

    /// <summary>scalebox_family or custom.</summary>
    public string? TemplateSource { get; init; }

    /// <summary>external or imported, for custom templates.</summary>
    public string? CustomImageSource { get; init; }

    /// <summary>The image in a registry.</summary>
    public string? ExternalImageUrl { get; init; }

    /// <summary>Who may pull it.</summary>
    public string? ExternalRegistryUsername { get; init; }

    /// <summary>The password for that.</summary>
    public string? ExternalRegistryPassword { get; init; }

    /// <summary>The template that it is made of.</summary>
    public string? BaseTemplateId { get; init; }

    /// <summary>A JSON array of ports, as a text.</summary>
    public string? Ports { get; init; }

    /// <summary>Leave out the ports of the template that it is made of.</summary>
    public bool? ResetPorts { get; init; }

    /// <summary>A command line, or <c>{"Entrypoint":[..],"Cmd":[..]}</c>: started in every new sandbox.</summary>
    public string? CustomCommand { get; init; }

    /// <summary>A command line, or <c>{"type":"exec|httpGet|tcpSocket",..}</c>: waited for in every new sandbox.</summary>
    public string? ReadyCommand { get; init; }

    /// <summary>Labels: a JSON object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Names it without what may be secret.</summary>
    public override string ToString() => $"template '{Name}'";
}

/// <summary>A template to make of a running sandbox. What is null or 0 is as the sandbox's.</summary>
public sealed record TemplateOfSandbox
{
    /// <summary>4 to 32 of a-z, 0-9, _ and -.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>private (default), account_shared or public.</summary>
    public string? Visibility { get; init; }

    /// <summary>Processors of a sandbox that does not say.</summary>
    public int? CpuCount { get; init; }

    /// <summary>Memory in MiB of a sandbox that does not say.</summary>
    public int? MemoryMb { get; init; }

    /// <summary>A JSON array of ports, as a text.</summary>
    public string? Ports { get; init; }

    /// <summary>Started in every new sandbox.</summary>
    public string? CustomCommand { get; init; }

    /// <summary>Waited for in every new sandbox.</summary>
    public string? ReadyCommand { get; init; }
}

/// <summary>Who may use a template, after that was changed.</summary>
public sealed record TemplateShare : ServerRecord
{
    /// <summary>The template.</summary>
    public required string TemplateId { get; init; }

    /// <summary>private, account_shared or public.</summary>
    public string? Visibility { get; init; }

    /// <summary>The server's remark.</summary>
    public string? Message { get; init; }
}

/// <summary>What a template has written about it.</summary>
/// <param name="TemplateId">The template.</param>
/// <param name="Text">Markdown; empty for none.</param>
public sealed record TemplateDocument(string TemplateId, [property: JsonPropertyName("template_document")] string? Text);

internal sealed record ChangedTemplate(Template Template);

internal sealed record DocumentText([property: JsonPropertyName("template_document")] string Text);

internal sealed record ShareRequest(string? NewName);
