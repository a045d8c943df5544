using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Says the domain's records in the dialect's words.</summary>
internal sealed class E2bMapping(ApiOptions options, IAccessTokens tokens)
{
    /// <summary>The route parameter that holds a sandbox's id.</summary>
    public const string IdParameter = "sandboxID";

    /// <summary>
    /// The version of E2B's in-sandbox server whose data plane this one speaks. Clients ask by it what they may use
    /// (contracts/e2b.md 2.5).
    /// </summary>
    public const string EnvdVersion = "0.6.4";

    private const int MegabytesOfGigabyte = 1024;

    public static string Id(SandboxId id) => id.Value;

    /// <summary>Null for everything that <see cref="Id"/> cannot have made, but for the <c>-clientID</c> that old clients put behind it.</summary>
    public static SandboxId? ParseId(string? text) =>
        SandboxId.TryParse(text is not null && text.IndexOf('-') is >= 0 and var dash ? text[..dash] : text, out SandboxId id) ? id : null;

    /// <summary>
    /// The state word; null for what this dialect's clients take for gone. One that is on its way up counts as running,
    /// one on its way to or from a snapshot as what it comes from.
    /// </summary>
    public static string? State(SandboxState state) => state switch
    {
        SandboxState.Created or SandboxState.Starting or SandboxState.Running or SandboxState.Forking or SandboxState.Pausing => Running,
        SandboxState.Paused or SandboxState.Resuming or SandboxState.Error => Paused,
        SandboxState.Terminating or SandboxState.Terminated or SandboxState.Failed => null,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "has no word in this dialect"),
    };

    public const string Running = "running";
    public const string Paused = "paused";

    public E2bSandbox Sandbox(Sandbox sandbox) => new()
    {
        TemplateId = sandbox.Template.Value,
        SandboxId = Id(sandbox.Id),
        ClientId = "",
        EnvdVersion = EnvdVersion,
        Alias = sandbox.TemplateName,
        EnvdAccessToken = TokenOf(sandbox),
        TrafficAccessToken = sandbox.PublicTraffic ? null : tokens.TrafficFor(sandbox.Id),
        Domain = options.E2bDomain,
    };

    /// <param name="withToken">Whether the caller may hold the access token.</param>
    public E2bSandboxDetail Detail(Sandbox sandbox, bool withToken) => Listed(sandbox) with
    {
        AllowInternetAccess = sandbox.AllowInternetAccess,
        Network = new E2bNetwork(sandbox.PublicTraffic, sandbox.RequestHost),
        Lifecycle = new E2bAfterTimeout(sandbox.AutoPause ? "pause" : "kill", sandbox.AutoResume),
        EnvdAccessToken = withToken ? TokenOf(sandbox) : null,
        Domain = options.E2bDomain,
    };

    public static E2bSandboxDetail Listed(Sandbox sandbox)
    {
        DateTimeOffset started = sandbox.StartedAt ?? sandbox.CreatedAt;
        return new E2bSandboxDetail
        {
            TemplateId = sandbox.Template.Value,
            SandboxId = Id(sandbox.Id),
            ClientId = "",
            EnvdVersion = EnvdVersion,
            Alias = sandbox.TemplateName,
            StartedAt = started.UtcDateTime,
            EndAt = (sandbox.ExpiresAt ?? started + sandbox.Timeout).UtcDateTime,
            CpuCount = sandbox.Resources.CpuCount,
            MemoryMb = sandbox.Resources.MemoryMb,
            DiskSizeMb = sandbox.Resources.StorageGb * MegabytesOfGigabyte,
            State = State(sandbox.State) ?? throw new ArgumentException($"a {sandbox.State} sandbox is not shown", nameof(sandbox)),
            Metadata = sandbox.Metadata,
        };
    }

    private string? TokenOf(Sandbox sandbox) => sandbox.Secure ? tokens.For(sandbox.Id) : null;
}
