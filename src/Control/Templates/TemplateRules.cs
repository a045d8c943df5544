using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Atoll.Control.Sandboxes;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Templates;

namespace Atoll.Control.Templates;

/// <summary>What the fields of a template may hold; names and bounds are those of contracts/scalebox.md 1.5.</summary>
internal sealed partial class TemplateRules(SandboxLimits limits, INode node)
{
    private const int MaxDescriptionLength = 1000;
    private const int MaxCommandLength = 16_384;
    private const int MaxMetadataBytes = 64 * 1024;
    private const int MaxAddressLength = 512;

    private static readonly HashSet<string> Reserved =
    [
        "admin", "root", "system", "scalebox", "harbor", "docker", "k8s", "kubernetes", "api", "www", "mail", "ftp", "ssh", "public",
        "private", "test", "dev", "prod", "staging", "local", "localhost", "example", "sample",
    ];

    public static string Name(string name, string field = "name")
    {
        if (!NameForm().IsMatch(name))
        {
            throw Invalid(field, $"{field} must be 4 to 32 of a-z, 0-9, '-' and '_', start with a letter, end with a letter or digit and hold no two separators in a row");
        }

        if (name.StartsWith("tpl-", StringComparison.Ordinal))
        {
            throw Invalid(field, $"{field} must not start with tpl-, as ids do");
        }

        return Reserved.Contains(name) ? throw Invalid(field, $"{field} '{name}' is reserved: choose another") : name;
    }

    public static string Description(string text) => text.Length <= MaxDescriptionLength
        ? text
        : throw Invalid("description", $"description must be at most {MaxDescriptionLength} characters");

    public int Cpu(int count) => count >= 1 && count <= node.Capabilities.MaxCpuCount
        ? count
        : throw Invalid("default_cpu_count", $"default_cpu_count must be 1 to {node.Capabilities.MaxCpuCount}");

    public int Memory(int megabytes) => megabytes >= limits.MinMemoryMb && megabytes <= node.Capabilities.MaxMemoryMb
        ? megabytes
        : throw Invalid("default_memory_mb", $"default_memory_mb must be {limits.MinMemoryMb} to {node.Capabilities.MaxMemoryMb}");

    /// <param name="inherited">The ports of what it is made of.</param>
    public IReadOnlyList<PortMapping> Ports(IReadOnlyList<PortMapping> inherited, IReadOnlyList<PortMapping> added)
    {
        List<PortMapping> all = [.. inherited];
        foreach (PortMapping port in added)
        {
            if (PortRules.Problem(port) is { } problem)
            {
                throw Invalid("ports", $"ports: {problem.Message}");
            }

            if (all.Any(other => other.Port == port.Port || other.Name == port.Name))
            {
                throw Invalid("ports", $"ports: port {port.Port} or the name '{port.Name}' is there twice, or what it is made of has it (reset_ports leaves those out)");
            }

            all.Add(port);
        }

        return all.Count <= limits.MaxPorts
            ? [.. all.Select(port => port with { IsProtected = true })]
            : throw Invalid("ports", $"ports must have at most {limits.MaxPorts} entries");
    }

    public static string Metadata(string? json)
    {
        if (json is null)
        {
            return "{}";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind is JsonValueKind.Object && Encoding.UTF8.GetByteCount(json) <= MaxMetadataBytes)
            {
                return json;
            }
        }
        catch (JsonException)
        {
        }

        throw Invalid("metadata", $"metadata must be a JSON object of at most {MaxMetadataBytes / 1024} KiB, or such an object as a text");
    }

    public static string Document(string text) => text.Length > 0 && Encoding.UTF8.GetByteCount(text) <= TemplateLimits.MaxDocumentBytes
        ? text
        : throw Invalid("template_document", $"template_document must be Markdown of 1 to {TemplateLimits.MaxDocumentBytes} bytes");

    public static string CustomCommand(string text)
    {
        CheckLength("custom_command", text);
        _ = StartCommands.Start(text, null);
        return text;
    }

    public static string ReadyCommand(string text)
    {
        CheckLength("ready_command", text);
        _ = StartCommands.Ready(text);
        return text;
    }

    public static string Address(string field, string text) =>
        text.Length <= MaxAddressLength && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            ? text
            : throw Invalid(field, $"{field} must be at most {MaxAddressLength} characters without spaces");

    public static ImageSettings Image(ImageSettings image) => new()
    {
        ExternalUrl = Address("external_image_url", image.ExternalUrl),
        RegistryUsername = Address("external_registry_username", image.RegistryUsername),
        HarborUrl = Address("harbor_image_url", image.HarborUrl),
        HarborProject = Address("harbor_project", image.HarborProject),
        HarborRepository = Address("harbor_repository", image.HarborRepository),
        HarborTag = Address("harbor_tag", image.HarborTag),
    };

    private static void CheckLength(string field, string text)
    {
        if (text.Length > MaxCommandLength || text.Contains('\0'))
        {
            throw Invalid(field, $"{field} must be at most {MaxCommandLength} characters without NUL");
        }
    }

    private static FaultException Invalid(string field, string message) => Fault.Invalid(field, message).AsException();

    [GeneratedRegex(@"^(?=.{4,32}\z)[a-z](?:[_-]?[a-z0-9])*\z")]
    private static partial Regex NameForm();
}
