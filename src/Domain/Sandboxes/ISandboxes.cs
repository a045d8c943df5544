using Atoll.Domain.Network;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Sandboxes;

/// <summary>
/// The port through which every dialect creates, reads and ends sandboxes. A sandbox of another user is not found.
/// All methods throw <see cref="FaultException"/> for expected failures.
/// </summary>
public interface ISandboxes
{
    /// <summary>
    /// Records a sandbox and starts it. With <paramref name="wait"/> it returns once the sandbox is running or
    /// failed, otherwise as soon as the record is durable. A caller that goes away does not undo the create.
    /// <see cref="FaultCode.QuotaExceeded"/> when the user has too many; <see cref="FaultCode.NoCapacity"/> when there
    /// is no room: one that then proves to be missing while it starts leaves a failed record.
    /// </summary>
    Task<Sandbox> CreateAsync(Caller caller, CreateSandbox request, bool wait, CancellationToken cancellation);

    Task<Sandbox> GetAsync(Caller caller, SandboxId id, CancellationToken cancellation);

    Task<SandboxPage> ListAsync(Caller caller, SandboxQuery query, CancellationToken cancellation);

    /// <summary>
    /// Writes memory, processes and disk to an image and frees the host. With <paramref name="wait"/> it returns once the
    /// sandbox is paused; when that fails it runs on and the fault says why (<see cref="FaultCode.NotCapturable"/>,
    /// <see cref="FaultCode.NoCapacity"/>). <see cref="FaultCode.WrongState"/> for one that does not run, paused ones included.
    /// </summary>
    Task<Sandbox> PauseAsync(Caller caller, SandboxId id, bool wait, CancellationToken cancellation);

    /// <summary>
    /// Brings a paused sandbox back: same processes, id, name, variables and ports. With <paramref name="wait"/> it returns
    /// once it runs; when that fails it stays paused and the fault says why. Any number of calls at once are one resume;
    /// one that runs already is <see cref="FaultCode.WrongState"/>.
    /// </summary>
    /// <param name="timeout">How long the phase that begins may last; null for what the last one was given.</param>
    Task<Sandbox> ResumeAsync(Caller caller, SandboxId id, TimeSpan? timeout, bool wait, CancellationToken cancellation);

    /// <summary>
    /// Makes copies of a running or paused sandbox, with memory and disk of one instant, each with an id, name, address and
    /// tokens of its own; it goes on itself. Returns when all have started or failed, in order, failed ones as records in
    /// that state with the reason. Faults as <see cref="PauseAsync"/> and <see cref="CreateAsync"/> when none could be made.
    /// </summary>
    Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, SandboxId id, ForkSandbox request, CancellationToken cancellation);

    /// <summary>
    /// Answers a sandbox that runs, for a client that wants to use it again, and brings one back that is paused or being
    /// paused; any other is <see cref="FaultCode.WrongState"/>.
    /// </summary>
    /// <param name="timeout">Moves the end if it is later than the present one; null keeps that.</param>
    /// <param name="origin">What <paramref name="timeout"/> counts from.</param>
    Task<Sandbox> ConnectAsync(Caller caller, SandboxId id, TimeSpan? timeout, TimeoutOrigin origin, CancellationToken cancellation);

    /// <summary>
    /// Sets how long the running phase may last. Counted from now, it lasts at the most as long as a timeout counted
    /// from its start may be: what is beyond is cut off.
    /// </summary>
    Task<Sandbox> SetTimeoutAsync(Caller caller, SandboxId id, TimeSpan timeout, TimeoutRule rule, CancellationToken cancellation);

    /// <summary>Gives a port of the sandbox a name. <see cref="FaultCode.AlreadyExists"/> when the number or the name is taken.</summary>
    Task<Sandbox> AddPortAsync(Caller caller, SandboxId id, PortMapping port, CancellationToken cancellation);

    /// <summary>
    /// Takes the name off a port. <see cref="FaultCode.NotFound"/> when there is none of this number,
    /// <see cref="FaultCode.Forbidden"/> when it is the template's.
    /// </summary>
    Task<Sandbox> RemovePortAsync(Caller caller, SandboxId id, int port, CancellationToken cancellation);

    /// <summary>Ends the sandbox and keeps its record. Answers at once; safe to repeat.</summary>
    /// <returns>The record as it was left: terminating, or already over.</returns>
    Task<Sandbox> TerminateAsync(Caller caller, SandboxId id, CancellationToken cancellation);

    /// <summary>Ends the sandbox and removes its record when the node is clean. Answers at once.</summary>
    Task<Sandbox> DeleteAsync(Caller caller, SandboxId id, CancellationToken cancellation);
}

/// <summary>What a caller wants of a new sandbox; null means the default of the template or the server.</summary>
/// <remarks>Validated by <see cref="ISandboxes.CreateAsync"/>; <see cref="Fault.Field"/> uses the names of the ScaleBox contract.</remarks>
public sealed record CreateSandbox
{
    /// <summary>The id of the sandbox, when its create may be repeated (<see cref="Idempotency.Operation"/>); null for any.</summary>
    public SandboxId? Id { get; init; }

    public string? Name { get; init; }
    public string? Description { get; init; }

    /// <summary>Name or id of a template, or of a snapshot of the caller's.</summary>
    public string? Template { get; init; }

    /// <summary>A project of the caller's; null for the default one.</summary>
    public ProjectId? Project { get; init; }

    public int? CpuCount { get; init; }
    public int? MemoryMb { get; init; }
    public int? StorageGb { get; init; }
    public TimeSpan? Timeout { get; init; }
    public bool AutoPause { get; init; }

    /// <inheritdoc cref="Sandbox.AutoResume"/>
    public bool AutoResume { get; init; }

    /// <inheritdoc cref="Sandbox.IdleTimeout"/>
    public TimeSpan? IdleTimeout { get; init; }

    public bool Secure { get; init; } = true;
    public bool AllowInternetAccess { get; init; } = true;

    /// <inheritdoc cref="Sandbox.PublicTraffic"/>
    public bool PublicTraffic { get; init; } = true;

    /// <inheritdoc cref="Sandbox.RequestHost"/>
    public string? RequestHost { get; init; }

    public Locality? Locality { get; init; }
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
}

/// <summary>What a caller wants of copies of a sandbox; null means as the original.</summary>
public sealed record ForkSandbox
{
    /// <summary>1 to 100.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Name of the copies; more than one get a number after it.</summary>
    public string? Name { get; init; }

    public TimeSpan? Timeout { get; init; }

    /// <summary>Added to the original's.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>Where a sandbox should run.</summary>
/// <param name="AutoDetect">Choose by the client's address.</param>
/// <param name="Region">A region of the catalogue; unknown ones are refused.</param>
/// <param name="Force">Refuse rather than run elsewhere.</param>
public sealed record Locality(bool AutoDetect, string? Region, bool Force);

/// <summary>Which new timeouts are acceptable.</summary>
public enum TimeoutRule
{
    /// <summary>Any that is not shorter than the running phase already is.</summary>
    NotBelowUsed,

    /// <summary>Only a longer one than the present.</summary>
    OnlyLonger,

    /// <summary>Any, counted from now: the end may come sooner than it would have.</summary>
    FromNow,

    /// <summary>Counted from now; one that ends sooner than the present changes nothing.</summary>
    LaterFromNow,
}

/// <summary>What a timeout counts from.</summary>
public enum TimeoutOrigin
{
    /// <summary>The start of the present running phase.</summary>
    PhaseStart,

    /// <summary>The moment of the request.</summary>
    Now,
}

/// <summary>What to list. A filter that is null or empty lets everything pass.</summary>
public sealed record SandboxQuery
{
    public IReadOnlyList<SandboxState> States { get; init; } = [];

    /// <summary>Whose; null for the caller's own.</summary>
    public UserId? Owner { get; init; }

    /// <summary>Of every user. Only for who <see cref="Caller.IsAdmin"/>.</summary>
    public bool OfEverybody { get; init; }

    public ProjectId? Project { get; init; }

    /// <summary>Pairs that the metadata must hold, all of them.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Name or id of the template they were made of.</summary>
    public string? Template { get; init; }

    /// <summary>Only those whose running phase began later than this.</summary>
    public DateTimeOffset? StartedAfter { get; init; }

    /// <summary>Text to look for in name, description and id, whatever its case.</summary>
    public string? Search { get; init; }

    public SandboxSort Sort { get; init; } = SandboxSort.CreatedAt;
    public bool Descending { get; init; } = true;

    /// <summary>How many to skip.</summary>
    public int Offset { get; init; }

    /// <summary>
    /// Only what follows this one in the order of <see cref="SandboxSort.CreatedAt"/>: a page that begins where the last
    /// one ended, whatever was made or removed since. Does not change <see cref="SandboxPage.Total"/>.
    /// </summary>
    public SandboxId? After { get; init; }

    /// <summary>How many to return at the most, 1 to 500.</summary>
    public int Limit { get; init; } = 20;
}

public enum SandboxSort
{
    CreatedAt,
    UpdatedAt,
    Name,
    State,
    TimeoutAt,
}

/// <summary>One page of a list and how many there are in all.</summary>
public sealed record SandboxPage(IReadOnlyList<Sandbox> Sandboxes, int Total);
