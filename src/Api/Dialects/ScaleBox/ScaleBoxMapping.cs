using Atoll.Api.Edge;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Says the domain's records in the dialect's words.</summary>
internal sealed class ScaleBoxMapping(SandboxHosts hosts, IAccessTokens tokens, ITemplates templates, ITenants tenants, TimeProvider time)
{
    /// <summary>The route parameter that holds a sandbox's id.</summary>
    public const string IdParameter = "sandbox_id";

    private const string IdPrefix = "sbx-";
    private static readonly Dictionary<string, string> NoVariables = [];

    public static string Id(SandboxId id) => IdPrefix + id.Value;

    /// <summary>Null for everything that <see cref="Id"/> cannot have made.</summary>
    public static SandboxId? ParseId(string? text) =>
        text is not null
        && text.StartsWith(IdPrefix, StringComparison.Ordinal)
        && SandboxId.TryParse(text[IdPrefix.Length..], out SandboxId id) ? id : null;

    /// <summary>
    /// The status word. A fork happens while its source runs on; after an error the snapshot is kept, so clients may
    /// treat the sandbox as paused.
    /// </summary>
    public static string Status(SandboxState state) => state switch
    {
        SandboxState.Created => "created",
        SandboxState.Starting => "starting",
        SandboxState.Running or SandboxState.Forking => "running",
        SandboxState.Pausing => "pausing",
        SandboxState.Paused or SandboxState.Error => "paused",
        SandboxState.Resuming => "resuming",
        SandboxState.Terminating => "terminating",
        SandboxState.Terminated => "terminated",
        SandboxState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "has no status in this dialect"),
    };

    public static string Substatus(SandboxPhase phase) => phase switch
    {
        SandboxPhase.None => "",
        SandboxPhase.Allocating => "allocating",
        SandboxPhase.Deploying => "deploying",
        SandboxPhase.Initializing => "initializing",
        SandboxPhase.WaitingReady => "waiting_ready",
        SandboxPhase.CleaningResources => "cleaning_resources",
        SandboxPhase.CleaningData => "cleaning_data",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, "has no word in this dialect"),
    };

    public static string Protocol(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Tcp => "TCP",
        PortProtocol.Udp => "UDP",
        PortProtocol.WebRtc => "WEBRTC",
        _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "has no word in this dialect"),
    };

    public static string Account(UserId user) =>
        "acc-" + (user.Value.StartsWith("usr-", StringComparison.Ordinal) ? user.Value[4..] : user.Value);

    /// <summary>The access token and the variables are only for who may use it.</summary>
    /// <param name="withToken">Whether to include the access token; lists do not.</param>
    public WireSandbox Sandbox(Caller caller, Sandbox sandbox, bool withToken)
    {
        WireOwner owner = Owner(caller, sandbox.Owner);
        WirePorts ports = Ports(sandbox);
        int running = RunningSeconds(sandbox);
        int paused = PausedSeconds(sandbox);
        WireMountSlot[] slots = [.. sandbox.Mounts.Select(Slot)];
        Template? template = templates.Find(sandbox.Template.Value);
        return new WireSandbox
        {
            SandboxId = Id(sandbox.Id),
            Name = sandbox.Name,
            Description = sandbox.Description,
            Status = Status(sandbox.State),
            Substatus = Substatus(sandbox.Phase),
            Reason = sandbox.Reason,
            TemplateId = sandbox.Template.Value,
            TemplateName = sandbox.TemplateName,
            TemplateExists = template is { IsDeleted: false },
            TemplateSource = ScaleBoxTemplateMapping.Source(template?.Source ?? TemplateSource.ScaleboxFamily),
            OwnerUserId = sandbox.Owner.Value,
            Owner = owner,
            AccountOwner = owner,
            UserAccountId = Account(sandbox.Owner),
            UserName = owner.Username,
            UserEmail = owner.Email,
            ProjectId = sandbox.Project.Value,
            ProjectName = tenants.ProjectName(sandbox.Project),
            Region = sandbox.Region,
            Visibility = "private",
            CpuCount = sandbox.Resources.CpuCount,
            MemoryMb = sandbox.Resources.MemoryMb,
            StorageGb = sandbox.Resources.StorageGb,
            Resources = new(sandbox.Resources.CpuCount, sandbox.Resources.MemoryMb, sandbox.Resources.StorageGb),
            Timeout = Seconds(sandbox.Timeout),
            AutoPause = sandbox.AutoPause,
            AutoResume = sandbox.AutoResume,
            IdleTimeout = sandbox.IdleTimeout is { } idle ? Seconds(idle) : null,
            Secure = sandbox.Secure,
            AllowInternetAccess = sandbox.AllowInternetAccess,
            SandboxDomain = hosts.Of(sandbox),
            Domain = hosts.Of(sandbox),
            WebTerminalAvailable = false,
            WebFilesAvailable = false,
            EnvdAccessToken = withToken && caller.MayHold(sandbox.Owner) ? tokens.For(sandbox.Id) : null,
            Metadata = sandbox.Metadata,
            EnvVars = caller.MayUse(sandbox.Owner) ? sandbox.Environment : NoVariables,
            ObjectStorage = slots.Length > 0 ? slots : null,
            ObjectStorageSingle = slots.Length == 1 ? slots[0] : null,
            Ports = ports.Ports,
            TemplatePorts = ports.TemplatePorts,
            CustomPorts = ports.CustomPorts,
            CreatedAt = sandbox.CreatedAt.UtcDateTime,
            UpdatedAt = sandbox.UpdatedAt.UtcDateTime,
            StartedAt = Utc(sandbox.StartedAt),
            StoppedAt = Utc(sandbox.EndedAt),
            EndedAt = Utc(sandbox.EndedAt),
            TimeoutAt = Utc(sandbox.ExpiresAt),
            RemainingSeconds = RemainingSeconds(sandbox),
            PausingAt = Utc(sandbox.PausingAt),
            PausedAt = Utc(sandbox.PausedAt),
            ResumedAt = Utc(sandbox.ResumedAt),
            Uptime = running,
            TotalPausedSeconds = paused,
            TotalRunningSeconds = running,
            ActualTotalPausedSeconds = paused,
            ActualTotalRunningSeconds = running,
            LifecycleOutcome = sandbox.State is SandboxState.Terminated ? "completed" : null,
            LastAccessedAt = sandbox.UpdatedAt.UtcDateTime,
        };
    }

    public static WireSandboxStatus StatusOf(Sandbox sandbox) => new(
        Id(sandbox.Id), Status(sandbox.State), Substatus(sandbox.Phase), sandbox.Reason, sandbox.UpdatedAt.UtcDateTime);

    public static WirePorts Ports(Sandbox sandbox)
    {
        WirePort[] ports = [.. sandbox.Ports.Select(Port)];
        return new WirePorts(ports, [.. ports.Where(port => port.IsProtected)], [.. ports.Where(port => !port.IsProtected)]);
    }

    public WireTimeout Timeout(Sandbox sandbox)
    {
        bool runs = sandbox.State is SandboxState.Running or SandboxState.Forking;
        return new WireTimeout(
            Seconds(sandbox.Timeout),
            Utc(sandbox.ExpiresAt),
            RemainingSeconds(sandbox),
            runs ? Seconds(Phase(sandbox)) : 0,
            runs ? "current_phase" : "next_phase",
            runs
                ? "The timeout counts from the start of the present running phase."
                : "The timeout applies from the next running phase.");
    }

    public WireApiKey Key(Caller caller, ApiKey key, string? secret = null) => new(
        key.Id, key.Name, key.Description, secret, secret, key.Prefix, key.IsActive, key.CreatedAt.UtcDateTime,
        Utc(key.LastUsedAt), Utc(key.ExpiresAt), IApiKeys.MaxActive, Owner(caller, key.Owner));

    public static WireUser User(User user) => new(
        user.Id.Value, Account(user.Id), user.Email, user.Username, user.DisplayName,
        Word(user.Role), user.IsActive ? "active" : "disabled", user.IsRoot, EmailVerified: false, user.Description, Utc(user.LastLogin),
        user.AvatarUrl, OauthProvider: null, OauthUserId: null, user.HasPassword, new WireAccount(Account(user.Id), user.Username), user.CreatedAt.UtcDateTime);

    public WireProject Project(Caller caller, Project project) => new(
        project.Id.Value, project.Name, project.Description, project.Owner.Value, "active", project.IsDefault, project.SandboxCount,
        project.CreatedAt.UtcDateTime, project.UpdatedAt.UtcDateTime, Owner(caller, project.Owner));

    public static WireProjectSandbox OfProject(Sandbox sandbox) => new(
        Id(sandbox.Id), sandbox.Name, Status(sandbox.State), sandbox.Template.Value, sandbox.TemplateName,
        sandbox.Resources.CpuCount, sandbox.Resources.MemoryMb, sandbox.Resources.StorageGb,
        sandbox.CreatedAt.UtcDateTime, Utc(sandbox.StartedAt), Utc(sandbox.ExpiresAt));

    public WireProjectMove Move(ProjectMove move, string action) => new(
        Id(move.Sandbox.Id), move.Sandbox.Project.Value, tenants.ProjectName(move.Sandbox.Project), action, move.Previous.Value);

    internal WireOwner Owner(Caller caller, UserId owner)
    {
        User? user = caller.Owns(owner) ? caller.User : tenants.User(owner);
        return new WireOwner(owner.Value, user?.Username, user?.DisplayName, user?.Email);
    }

    public static string Word(Role role) => role switch
    {
        Role.Viewer => "viewer",
        Role.Member => "member",
        Role.Admin => "admin",
        Role.Root => "root",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "has no word in this dialect"),
    };

    public static WirePort Port(PortMapping port) =>
        new(port.Port, port.ServicePort, Protocol(port.Protocol), port.Name, port.IsProtected);

    private int RemainingSeconds(Sandbox sandbox) =>
        sandbox.ExpiresAt is { } end ? Math.Max(0, Seconds(end - time.GetUtcNow())) : 0;

    /// <summary>Whole seconds in which it ran, in all.</summary>
    public int RunningSeconds(Sandbox sandbox) => Seconds(sandbox.RanBefore + Phase(sandbox));

    private int PausedSeconds(Sandbox sandbox) => Seconds(sandbox.PausedBefore + (sandbox switch
    {
        { State: SandboxState.Paused or SandboxState.Resuming or SandboxState.Error, PausedAt: { } since } => time.GetUtcNow() - since,
        _ => TimeSpan.Zero,
    }));

    /// <summary>How long the present running phase has lasted; zero while none runs. One that a pause ends was over when that was asked for.</summary>
    private TimeSpan Phase(Sandbox sandbox) => sandbox switch
    {
        { State: SandboxState.Running or SandboxState.Forking, StartedAt: { } start } => time.GetUtcNow() - start,
        { State: SandboxState.Pausing, StartedAt: { } start, PausingAt: { } end } => end - start,
        _ => TimeSpan.Zero,
    };

    private static WireMountSlot Slot(MountSlot slot) => new(
        slot.Number,
        slot.State switch
        {
            MountState.Active => "active",
            MountState.Disabled => "disabled",
            MountState.Free => "free",
            _ => throw new ArgumentOutOfRangeException(nameof(slot), slot.State, "has no word in this dialect"),
        },
        slot.Uri, slot.MountPoint, slot.Region, slot.Endpoint, slot.ShortLived);

    private static int Seconds(TimeSpan span) => (int)Math.Clamp(span.TotalSeconds, int.MinValue, int.MaxValue);

    private static DateTime? Utc(DateTimeOffset? moment) => moment?.UtcDateTime;
}
