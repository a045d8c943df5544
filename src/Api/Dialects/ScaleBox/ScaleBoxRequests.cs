using System.Net;
using System.Text.Json;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Reads the dialect's requests into the domain's. Shape is checked here (kind of each value); meaning (limits, names,
/// regions) is checked by the ports, once for all dialects.
/// </summary>
internal static class ScaleBoxRequests
{
    private static readonly Dictionary<string, IReadOnlyList<SandboxState>> Statuses = Enum.GetValues<SandboxState>()
        .GroupBy(ScaleBoxMapping.Status)
        .ToDictionary(group => group.Key, IReadOnlyList<SandboxState> (group) => [.. group], StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, SandboxSort> Sorts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["created_at"] = SandboxSort.CreatedAt,
        ["updated_at"] = SandboxSort.UpdatedAt,
        ["name"] = SandboxSort.Name,
        ["status"] = SandboxSort.State,
        ["timeout_at"] = SandboxSort.TimeoutAt,
    };

    private static readonly Dictionary<string, bool> Orders = new(StringComparer.OrdinalIgnoreCase)
    {
        ["asc"] = false,
        ["desc"] = true,
    };

    /// <summary>What <c>owner_user_id</c> says for the sandboxes of every user.</summary>
    private const string Everybody = "all";

    /// <summary>Fields of the contract that this version cannot honour; see <see cref="JsonFields.IsGiven"/>.</summary>
    private static readonly string[] NotBuilt =
        ["object_storage", "object_storage_direct_mount", "s3fs_executable_path", "net_proxy_country"];

    /// <summary>The body of POST /v1/sandboxes, and whether the caller wants to wait.</summary>
    /// <param name="least">The shortest timeout.</param>
    public static (CreateSandbox Request, bool Wait) Create(JsonFields body, TimeSpan least)
    {
        if (Array.Find(NotBuilt, body.IsGiven) is { } field)
        {
            throw new Fault(
                FaultCode.NotImplemented,
                $"{field} is not built in this version: leave it out{(field is "object_storage" ? "; a resume keeps what is to be mounted later" : "")}",
                field).AsException();
        }

        var request = new CreateSandbox
        {
            Name = body.String("name"),
            Description = body.String("description"),
            Template = body.String("template") is { } template ? ScaleBoxSnapshots.ParseId(template)?.Value ?? template : null,
            Project = Project(body.String("project_id")),
            CpuCount = body.Int("cpu_count"),
            MemoryMb = body.Int("memory_mb"),
            StorageGb = body.Int("storage_gb"),
            Timeout = OptionalTimeout(body, least),
            AutoPause = body.Bool("auto_pause") ?? false,
            AutoResume = body.Bool("auto_resume") ?? false,
            IdleTimeout = Seconds(body.Int("idle_timeout")),
            Secure = body.Bool("secure") ?? true,
            AllowInternetAccess = body.Bool("allow_internet_access") ?? true,
            Locality = Locality(body.Object("locality")),
            Metadata = body.StringMap("metadata"),
            Environment = body.StringMap("env_vars"),
            Ports = [.. body.Objects("custom_ports").Select(Port)],
        };
        return (request, Wait: !(body.Bool("is_async") ?? false));
    }

    /// <summary>The body of POST fork.</summary>
    /// <param name="least">The shortest timeout.</param>
    public static ForkSandbox Fork(JsonFields body, TimeSpan least) => new()
    {
        Count = body.Int("count") is not { } count ? 1 : count is >= 1 and <= 100
            ? count
            : throw Fault.Invalid("count", "count must be 1 to 100").AsException(),
        Name = body.String("name"),
        Timeout = OptionalTimeout(body, least),
        Metadata = body.StringMap("metadata"),
    };

    public static TimeSpan? OptionalTimeout(JsonFields body, TimeSpan least) => body.Int("timeout") is null ? null : Timeout(body, least);

    public static TimeSpan Timeout(JsonFields body, TimeSpan least)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(body.RequiredInt("timeout"));
        return timeout >= least
            ? timeout
            : throw Fault.Invalid("timeout", $"timeout must be at least {least.TotalSeconds:0.###} seconds").AsException();
    }

    public static ExecutionRequest Exec(JsonFields body) => new(
        body.RequiredString("command"),
        body.String("cwd") is { Length: > 0 } cwd ? cwd : "/",
        body.StringMap("env"),
        Seconds(body.Int("timeout")));

    /// <summary>The query of GET /v1/sandboxes.</summary>
    public static (SandboxQuery Query, Paging Paging) List(IQueryCollection query)
    {
        string? owner = QueryValues.Text(query, "owner_user_id");
        Paging paging = Paging.Read(query, standardLimit: 20);
        var wanted = new SandboxQuery
        {
            States = QueryValues.Choice(query, "status", [], Statuses),
            OfEverybody = owner is Everybody,
            Owner = owner is null or Everybody ? null : new UserId(owner),
            Project = Project(QueryValues.Text(query, "project_id")),
            Metadata = Metadata(QueryValues.Text(query, "metadata")),
            Search = QueryValues.Text(query, "search"),
            Sort = QueryValues.Choice(query, "sort_by", SandboxSort.CreatedAt, Sorts),
            Descending = QueryValues.Choice(query, "sort_order", true, Orders),
            Offset = paging.Offset,
            Limit = paging.Limit,
        };
        return (wanted, paging);
    }

    /// <summary>
    /// A metadata filter: a JSON object, or <c>k=v&amp;k2=v2</c>. One client escapes keys and values, then the pairs,
    /// then the whole parameter, so up to two escapings are taken off each.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> Metadata(string? text)
    {
        if (text is null)
        {
            return new Dictionary<string, string>();
        }

        if (text.StartsWith('{'))
        {
            return MetadataOfJson(text);
        }

        string pairs = text.Contains('=') ? text : WebUtility.UrlDecode(text);
        var wanted = new Dictionary<string, string>();
        foreach (string pair in pairs.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=');
            if (equals <= 0)
            {
                throw BadMetadata();
            }

            wanted[Unescape(pair[..equals])] = Unescape(pair[(equals + 1)..]);
        }

        return wanted;
    }

    private static IReadOnlyDictionary<string, string> MetadataOfJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse($"{{\"metadata\":{text}}}");
            return new JsonFields(document.RootElement).StringMap("metadata");
        }
        catch (JsonException)
        {
            throw BadMetadata();
        }
    }

    private static string Unescape(string text) => WebUtility.UrlDecode(WebUtility.UrlDecode(text));

    private static FaultException BadMetadata() =>
        Fault.Invalid("metadata", "metadata must be a JSON object of strings or pairs such as user=ann&stage=test").AsException();

    private static ProjectId? Project(string? id) => string.IsNullOrEmpty(id) ? null : new ProjectId(id);

    public static PortMapping Port(JsonFields port)
    {
        int number = port.RequiredInt("port");
        return new PortMapping(number, port.Int("service_port") ?? number, Protocol(port), port.RequiredString("name"));
    }

    private static PortProtocol Protocol(JsonFields port) => port.String("protocol")?.ToUpperInvariant() switch
    {
        null or "" or "TCP" => PortProtocol.Tcp,
        "UDP" => PortProtocol.Udp,
        "WEBRTC" => PortProtocol.WebRtc,
        _ => throw Fault.Invalid(port.PathOf("protocol"), $"{port.PathOf("protocol")} must be TCP, UDP or WEBRTC").AsException(),
    };

    private static Locality? Locality(JsonFields? locality) => locality is { } given
        ? new Locality(given.Bool("auto_detect") ?? false, given.String("region"), given.Bool("force") ?? false)
        : null;

    private static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
