using System.Text.Json;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Reads requests about templates into the domain's words; see <see cref="ScaleBoxRequests"/>.</summary>
internal static class ScaleBoxTemplateRequests
{
    private static readonly Dictionary<string, TemplateVisibility?> Visibilities = Enum.GetValues<TemplateVisibility>()
        .ToDictionary(ScaleBoxTemplateMapping.Visibility, value => (TemplateVisibility?)value, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, TemplateStatus?> Statuses = Enum.GetValues<TemplateStatus>()
        .ToDictionary(ScaleBoxTemplateMapping.Status, value => (TemplateStatus?)value, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, TemplateSource> Sources = Enum.GetValues<TemplateSource>()
        .ToDictionary(ScaleBoxTemplateMapping.Source, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, ImageOrigin> Origins = Enum.GetValues<ImageOrigin>()
        .ToDictionary(ScaleBoxTemplateMapping.Origin, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, bool> Flags = new(StringComparer.OrdinalIgnoreCase)
    {
        ["true"] = true, ["1"] = true, ["yes"] = true, ["false"] = false, ["0"] = false, ["no"] = false,
    };

    public static (TemplateQuery Query, Paging Paging) List(IQueryCollection query)
    {
        Paging paging = Paging.Read(query, standardLimit: 20);
        var wanted = new TemplateQuery
        {
            Status = QueryValues.Choice(query, "status", null, Statuses),
            Visibility = QueryValues.Choice(query, "visibility", null, Visibilities),
            Name = QueryValues.Text(query, "name"),
            Search = QueryValues.Text(query, "search"),
            Usable = Flag(query, "usable"),
            Offset = paging.Offset,
            Limit = paging.Limit,
        };
        return (wanted, paging);
    }

    public static NewTemplate Create(JsonFields body) => new()
    {
        Name = body.RequiredString("name"),
        Description = body.String("description"),
        DefaultCpuCount = Inherited(body.Int("default_cpu_count")),
        DefaultMemoryMb = Inherited(body.Int("default_memory_mb")),
        Visibility = Visibility(body) ?? TemplateVisibility.Private,
        Source = Choice(body, "template_source", Sources) ?? TemplateSource.ScaleboxFamily,
        ImageOrigin = Choice(body, "custom_image_source", Origins),
        Image = Image(body),
        RegistryPassword = body.String("external_registry_password"),
        Metadata = body.Json("metadata", JsonValueKind.Object) is { Length: > 0 } metadata ? metadata : null,
        Parent = body.String("base_template_id"),
        Ports = Ports(body),
        ResetPorts = body.Bool("reset_ports") ?? false,
        CustomCommand = body.String("custom_command"),
        ReadyCommand = body.String("ready_command"),
    };

    /// <summary>The body of create-template. One client's <c>memoryMB</c> arrives as <c>memory_m_b</c>.</summary>
    public static NewTemplate Capture(JsonFields body) => new()
    {
        Name = body.RequiredString("name"),
        Description = body.String("description"),
        DefaultCpuCount = Inherited(body.Int("cpu_count")),
        DefaultMemoryMb = Inherited(body.Int("memory_mb") ?? body.Int("memory_m_b")),
        Visibility = Visibility(body) ?? TemplateVisibility.Private,
        Ports = Ports(body),
        ResetPorts = body.Bool("reset_ports") ?? false,
        CustomCommand = body.String("custom_command"),
        ReadyCommand = body.String("ready_command"),
    };

    public static TemplateChange Change(JsonFields body) => new()
    {
        Name = body.String("name"),
        Description = body.String("description"),
        DefaultCpuCount = body.Int("default_cpu_count"),
        DefaultMemoryMb = body.Int("default_memory_mb"),
        Visibility = Visibility(body),
        Metadata = body.Json("metadata", JsonValueKind.Object) is { Length: > 0 } metadata ? metadata : null,
        Ports = Ports(body),
        CustomCommand = body.String("custom_command"),
        ReadyCommand = body.String("ready_command"),
        ExternalUrl = body.String("external_image_url"),
        RegistryUsername = body.String("external_registry_username"),
        RegistryPassword = body.String("external_registry_password"),
        HarborUrl = body.String("harbor_image_url"),
    };

    public static TemplateReport Report(JsonFields body) => new(
        Choice(body, "status", Statuses) ?? throw Fault.Invalid("status", "status is required").AsException(),
        body.String("error_message"),
        body.String("push_logs"),
        body.String("harbor_image_url"));

    public static bool Flag(IQueryCollection query, string name) => QueryValues.Choice(query, name, false, Flags);

    /// <summary>Its visibility, which older clients say as <c>is_public</c>; null when neither is there.</summary>
    public static TemplateVisibility? Visibility(JsonFields body) => Choice(body, "visibility", Visibilities)
        ?? (body.Bool("is_public") is { } open ? open ? TemplateVisibility.Public : TemplateVisibility.Private : null);

    /// <summary>Ports as an array, or as a text that holds one; null when absent or an empty text.</summary>
    public static IReadOnlyList<PortMapping>? Ports(JsonFields body)
    {
        if (body.Json("ports", JsonValueKind.Array) is not { Length: > 0 } json)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse($"{{\"ports\":{json}}}");
            return [.. new JsonFields(document.RootElement).Objects("ports").Select(ScaleBoxRequests.Port)];
        }
        catch (JsonException)
        {
            throw Fault.Invalid("ports", "ports must be a JSON array such as [{\"port\":8080,\"name\":\"web\"}], or such an array as a text").AsException();
        }
    }

    /// <summary>Some clients say 0 for what is to be inherited.</summary>
    public static int? Inherited(int? number) => number is 0 ? null : number;

    private static ImageSettings Image(JsonFields body) => new()
    {
        ExternalUrl = body.String("external_image_url") ?? "",
        RegistryUsername = body.String("external_registry_username") ?? "",
        HarborUrl = body.String("harbor_image_url") ?? "",
        HarborProject = body.String("harbor_project") ?? "",
        HarborRepository = body.String("harbor_repository") ?? "",
        HarborTag = body.String("harbor_tag") is { Length: > 0 } tag ? tag : "latest",
    };

    private static T? Choice<T>(JsonFields body, string name, IReadOnlyDictionary<string, T> choices) where T : struct =>
        body.String(name) is not { Length: > 0 } word ? null
        : choices.TryGetValue(word, out T value) ? value
        : throw Fault.Invalid(name, $"{name} must be one of {string.Join(", ", choices.Keys)}").AsException();

    private static T? Choice<T>(JsonFields body, string name, IReadOnlyDictionary<string, T?> choices) where T : struct =>
        body.String(name) is not { Length: > 0 } word ? null
        : choices.TryGetValue(word, out T? value) ? value
        : throw Fault.Invalid(name, $"{name} must be one of {string.Join(", ", choices.Keys)}").AsException();
}
