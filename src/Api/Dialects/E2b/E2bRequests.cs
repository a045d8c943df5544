using System.Globalization;
using System.Net;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>
/// Reads the dialect's requests into the domain's. Shape is checked here (kind of each value); meaning (limits, names)
/// is checked by the ports, once for all dialects.
/// </summary>
internal static class E2bRequests
{
    /// <summary>Seconds that a refresh adds at the least, and at the most.</summary>
    private const int LeastRefresh = 15, MostRefresh = 3600;

    private const int MostPerPage = 100, MostForks = 100;

    /// <summary>What the ports call fields, and what this dialect does.</summary>
    private static readonly Dictionary<string, string> Fields = new()
    {
        ["env_vars"] = "envVars",
        ["template"] = "templateID",
        ["auto_pause"] = "autoPause",
        ["auto_resume"] = "autoResume",
        ["allow_public_traffic"] = "network.allowPublicTraffic",
        ["mask_request_host"] = "network.maskRequestHost",
    };

    /// <summary>Fields of the contract that this version cannot honour; see <see cref="JsonFields.IsGiven"/>.</summary>
    private static readonly string[] NotBuilt = ["mcp", "iam", "volumeMounts"];

    private static readonly string[] EgressNotBuilt = ["allowOut", "denyOut", "rules", "egressProxy", "httpsPorts"];

    private static readonly Dictionary<string, bool> Orders = new() { ["asc"] = false, ["desc"] = true };

    /// <summary>Null when the field is called the same, or is none of this dialect.</summary>
    public static string? FieldOf(string field) => Fields.GetValueOrDefault(field);

    /// <summary>The body of POST /sandboxes and /v2/sandboxes.</summary>
    /// <param name="template">The name that the templateID of the body stands for.</param>
    /// <param name="alwaysSecure">True for version 2, which knows no other.</param>
    public static CreateSandbox Create(JsonFields body, string template, TimeSpan standardTimeout, bool alwaysSecure)
    {
        Refuse(body, NotBuilt);
        bool autoPause = body.Bool("autoPause") ?? false;
        bool autoResume = body.Object("autoResume")?.RequiredBool("enabled") ?? false;
        CheckMemory(body, autoPause, autoResume);
        JsonFields? network = body.Object("network");
        if (network is { } given)
        {
            Refuse(given, EgressNotBuilt);
        }

        return new CreateSandbox
        {
            Template = template,
            Timeout = Seconds(body.Int("timeout")) ?? standardTimeout,
            AutoPause = autoPause,
            AutoResume = autoResume,
            Secure = alwaysSecure || (body.Bool("secure") ?? false),
            AllowInternetAccess = body.Bool("allow_internet_access") ?? true,
            PublicTraffic = network?.Bool("allowPublicTraffic") ?? true,
            RequestHost = network?.String("maskRequestHost"),
            Metadata = body.StringMap("metadata"),
            Environment = body.StringMap("envVars"),
        };
    }

    /// <summary>Checks the body of pause, resume and connect: a pause without memory, to boot anew from its disk, is not built.</summary>
    public static void WithMemory(JsonFields body)
    {
        if (body.Bool("memory") is false)
        {
            throw WithoutMemory("memory");
        }
    }

    /// <summary>The body of resume, whose autoPause can only be what the sandbox was made with.</summary>
    public static TimeSpan Resume(JsonFields body, Sandbox sandbox, TimeSpan standard)
    {
        WithMemory(body);
        return body.Bool("autoPause") is true && !sandbox.AutoPause
            ? throw new Fault(FaultCode.NotImplemented, "autoPause cannot be changed after the create: leave it out", "autoPause").AsException()
            : Seconds(body.Int("timeout")) ?? standard;
    }

    /// <summary>The body of fork.</summary>
    public static ForkSandbox Fork(JsonFields body, TimeSpan standard) => new()
    {
        Count = body.Int("count") is not { } count ? 1 : count is >= 1 and <= MostForks
            ? count
            : throw Fault.Invalid("count", $"count must be 1 to {MostForks}").AsException(),
        Timeout = Seconds(body.Int("timeout")) ?? standard,
    };

    /// <summary>The query of GET /snapshots.</summary>
    public static SnapshotQuery Snapshots(IQueryCollection query) => new()
    {
        Sandbox = QueryValues.Text(query, "sandboxID") switch
        {
            null => null,
            { } text => E2bMapping.ParseId(text) ?? throw Fault.Invalid("sandboxID", "sandboxID must be the id of a sandbox").AsException(),
        },
        Name = QueryValues.Text(query, "name") is { } name ? E2bTemplates.NameOf(name) : null,
        Limit = QueryValues.Int(query, "limit", MostPerPage, 1, MostPerPage),
        After = QueryValues.Text(query, "nextToken") switch
        {
            null => null,
            { } text => SnapshotId.TryParse(text, out SnapshotId last) ? last : throw BadToken(),
        },
    };

    /// <summary>Of connect: how long from now the sandbox is to live at the least.</summary>
    /// <param name="standard">Null when the body must say it.</param>
    public static TimeSpan ConnectTimeout(JsonFields body, TimeSpan? standard) =>
        standard is { } time ? Seconds(body.Int("timeout")) ?? time : Timeout(body);

    public static TimeSpan Timeout(JsonFields body) => TimeSpan.FromSeconds(body.RequiredInt("timeout"));

    public static TimeSpan Refresh(JsonFields body)
    {
        int seconds = body.Int("duration") ?? 0;
        return seconds is >= 0 and <= MostRefresh
            ? TimeSpan.FromSeconds(Math.Max(seconds, LeastRefresh))
            : throw Fault.Invalid("duration", $"duration must be 0 to {MostRefresh} seconds").AsException();
    }

    /// <summary>The body of PUT network: whether the sandbox may reach the internet. What is left out is cleared.</summary>
    public static bool Network(JsonFields body)
    {
        Refuse(body, EgressNotBuilt);
        return body.Bool("allow_internet_access") ?? true;
    }

    /// <summary>The query of GET /v2/sandboxes.</summary>
    public static SandboxQuery Page(IQueryCollection query) => new()
    {
        States = States(QueryValues.Text(query, "state")),
        Metadata = Metadata(QueryValues.Text(query, "metadata")),
        Template = QueryValues.Text(query, "template") is { } template ? E2bTemplates.NameOf(template) : null,
        StartedAfter = Moment(query, "startedAfter"),
        Descending = QueryValues.Choice(query, "order", true, Orders),
        Limit = QueryValues.Int(query, "limit", MostPerPage, 1, MostPerPage),
        After = Token(QueryValues.Text(query, "nextToken")),
    };

    /// <summary>
    /// A metadata filter, <c>k=v&amp;k2=v2</c>. Clients escape keys and values, then the pairs, then the whole
    /// parameter, so two escapings are left to take off (contracts/e2b.md 1.1).
    /// </summary>
    internal static IReadOnlyDictionary<string, string> Metadata(string? text)
    {
        var wanted = new Dictionary<string, string>();
        foreach (string pair in (text ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=');
            if (equals <= 0)
            {
                throw Fault.Invalid("metadata", "metadata must be pairs such as user=ann&stage=test").AsException();
            }

            wanted[Unescape(pair[..equals])] = Unescape(pair[(equals + 1)..]);
        }

        return wanted;
    }

    /// <summary>The domain's states behind state words; all that this dialect shows when none is given.</summary>
    internal static IReadOnlyList<SandboxState> States(string? words)
    {
        string[] wanted = (words ?? $"{E2bMapping.Running},{E2bMapping.Paused}").Split(',');
        return Array.Find(wanted, word => word is not (E2bMapping.Running or E2bMapping.Paused)) is { } other
            ? throw Fault.Invalid("state", $"state must be running, paused or both with a comma between, not '{other}'").AsException()
            : [.. Enum.GetValues<SandboxState>().Where(state => wanted.Contains(E2bMapping.State(state)))];
    }

    private static SandboxId? Token(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return SandboxId.TryParse(text, out SandboxId last)
            ? last
            : throw BadToken();
    }

    private static FaultException BadToken() =>
        Fault.Invalid("nextToken", "nextToken must be what X-Next-Token of the page before said").AsException();

    private static void CheckMemory(JsonFields body, bool autoPause, bool autoResume)
    {
        if (body.Bool("autoPauseMemory") is not false)
        {
            return;
        }

        throw !autoPause || autoResume
            ? Fault.Invalid("autoPauseMemory", "autoPauseMemory can only be false when autoPause is true and autoResume is not").AsException()
            : WithoutMemory("autoPauseMemory");
    }

    private static FaultException WithoutMemory(string field) => new Fault(
        FaultCode.NotImplemented, $"{field} false is not built in this version: a pause always keeps memory and processes, leave it out", field).AsException();

    private static DateTimeOffset? Moment(IQueryCollection query, string name)
    {
        if (QueryValues.Text(query, name) is not { } text)
        {
            return null;
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment)
            ? moment
            : throw Fault.Invalid(name, $"{name} must be a time such as 2026-01-31T12:00:00Z").AsException();
    }

    private static string Unescape(string text) => WebUtility.UrlDecode(WebUtility.UrlDecode(text));

    private static void Refuse(JsonFields body, string[] fields)
    {
        if (Array.Find(fields, body.IsGiven) is { } field)
        {
            throw Refusal(body.PathOf(field));
        }
    }

    private static FaultException Refusal(string field) =>
        new Fault(FaultCode.NotImplemented, $"{field} is not built in this version: leave it out", field).AsException();

    private static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
