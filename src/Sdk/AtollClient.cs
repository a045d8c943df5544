using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>
/// A client of one Atoll server. Safe for concurrent use; make one and keep it. Every method throws
/// <see cref="AtollException"/> when the server refuses or cannot be reached, and
/// <see cref="OperationCanceledException"/> only when the caller's token is cancelled.
/// </summary>
public sealed class AtollClient : IDisposable
{
    private readonly Transport _transport;

    /// <summary>Opens no connection yet.</summary>
    /// <exception cref="ArgumentException">The base URL is not absolute http or https.</exception>
    public AtollClient(AtollClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _transport = new Transport(options);
        Sandboxes = new SandboxesClient(_transport);
        Snapshots = new SnapshotsClient(_transport);
        Templates = new TemplatesClient(_transport);
        Webhooks = new WebhooksClient(_transport);
        Notifications = new NotificationsClient(_transport);
        Usage = new UsageClient(_transport);
        Audit = new AuditClient(_transport);
        Projects = new ProjectsClient(_transport);
        Events = new EventsClient(_transport);
        Files = new FilesClient(_transport);
        Processes = new ProcessesClient(_transport);
        Code = new CodeClient(_transport);
        Ports = new PortsClient(_transport);
        Users = new UsersClient(_transport);
        ApiKeys = new ApiKeysClient(_transport);
        Regions = new RegionsClient(_transport);
    }

    /// <summary>Sandboxes and the commands in them.</summary>
    public SandboxesClient Sandboxes { get; }

    /// <summary>Images of sandboxes, of which others are made.</summary>
    public SnapshotsClient Snapshots { get; }

    /// <summary>What sandboxes are made of.</summary>
    public TemplatesClient Templates { get; }

    /// <summary>Addresses that are told of events.</summary>
    public WebhooksClient Webhooks { get; }

    /// <summary>What the user must know of.</summary>
    public NotificationsClient Notifications { get; }

    /// <summary>What was used, and what may be.</summary>
    public UsageClient Usage { get; }

    /// <summary>Who changed what.</summary>
    public AuditClient Audit { get; }

    /// <summary>Groups of sandboxes.</summary>
    public ProjectsClient Projects { get; }

    /// <summary>What happened, and what happens.</summary>
    public EventsClient Events { get; }

    /// <summary>The files of sandboxes.</summary>
    public FilesClient Files { get; }

    /// <summary>Processes in sandboxes, on a terminal or with their input open.</summary>
    public ProcessesClient Processes { get; }

    /// <summary>Code that the kernels of a sandbox run.</summary>
    public CodeClient Code { get; }

    /// <summary>The ports that sandboxes offer by name.</summary>
    public PortsClient Ports { get; }

    /// <summary>The user whose key is used; for admins, the others too.</summary>
    public UsersClient Users { get; }

    /// <summary>The user's API keys.</summary>
    public ApiKeysClient ApiKeys { get; }

    /// <summary>Regions that have room for sandboxes.</summary>
    public RegionsClient Regions { get; }

    /// <summary>Returns when the server answers that it is well; throws otherwise. Needs no key.</summary>
    public Task HealthAsync(CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Get, "health"), cancellation);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _transport.Dispose();
}
