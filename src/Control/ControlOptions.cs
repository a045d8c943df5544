using Atoll.Control.Events;
using Atoll.Control.Sandboxes;
using Atoll.Control.Webhooks;
using Atoll.Domain.Tenancy;

namespace Atoll.Control;

/// <summary>What an operator can choose about deciding and remembering.</summary>
public sealed record ControlOptions
{
    /// <summary>Holds <c>atoll.db</c>, <c>secret.key</c> and <c>ballast</c>; made with mode 0700 when absent.</summary>
    public required string DataDirectory { get; init; }

    public SandboxLimits Limits { get; init; } = new();

    /// <summary>How many sandboxes that are not over one user may have.</summary>
    public int MaxLivePerUser { get; init; } = 1000;

    /// <summary>How many processors the sandboxes of one user may have together that are neither over nor paused; null for no limit.</summary>
    public int? MaxCpuPerUser { get; init; }

    /// <summary>The same in MiB of memory.</summary>
    public int? MaxMemoryMbPerUser { get; init; }

    /// <summary>How many GiB of storage the sandboxes of one user that are not over may have together; null for no limit.</summary>
    public int? MaxStorageGbPerUser { get; init; }

    /// <summary>What holds for a user who was given no quota.</summary>
    public Quota UserQuota => new(MaxLivePerUser, MaxCpuPerUser, MaxMemoryMbPerUser, MaxStorageGbPerUser);

    /// <summary>What holds for a project that was given no quota.</summary>
    public Quota ProjectQuota { get; init; } = new();

    /// <summary>How often the node's memory may be promised to sandboxes. Those that use little share with those that use much.</summary>
    public double MemoryOvercommit { get; init; } = 4.0;

    /// <summary>
    /// How often the node's storage may be promised to sandboxes: their disks take room only as they are written to, and
    /// most write little of what they may.
    /// </summary>
    public double StorageOvercommit { get; init; } = 20.0;

    /// <summary>Bytes of the data directory's file system that creates leave alone: with less than this free they are refused.</summary>
    public long StorageReserve { get; init; } = 1L << 30;

    /// <summary>Launches at the same time; others wait for their turn.</summary>
    public int ConcurrentLaunches { get; init; } = Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>A launch that has had no turn after this is given up and its sandbox fails.</summary>
    public TimeSpan LaunchQueueTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A launch that takes longer, counted from its turn, is cancelled and its sandbox fails.</summary>
    public TimeSpan LaunchTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A capture that takes longer, counted from its turn, is cancelled and its sandbox runs on.</summary>
    public TimeSpan CaptureTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a request for a sandbox that is being captured or resumed waits for the end of that.</summary>
    public TimeSpan TransitionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many snapshots one user may have.</summary>
    public int MaxSnapshotsPerUser { get; init; } = 1000;

    /// <summary>Bound of one attempt to clean a sandbox off its node.</summary>
    public TimeSpan NodeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the reconcilers look even when nothing signals them.</summary>
    public TimeSpan ReconcileInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many sandboxes are taken back at the same time after a restart.</summary>
    public int ConcurrentAdoptions { get; init; } = 16;

    /// <summary>Bound of one adoption: a sandbox whose agent does not answer by then is lost.</summary>
    public TimeSpan AdoptionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop may take that undoes the launches under way, whatever the rest of the server took before it.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the records of sandboxes that are over can still be read.</summary>
    public TimeSpan KeepFinished { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How events are kept.</summary>
    public EventOptions Events { get; init; } = new();

    /// <summary>How long running phases that are over are told of: longer than the longest chart.</summary>
    public TimeSpan KeepUsage { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How many templates one user may have.</summary>
    public int MaxTemplatesPerUser { get; init; } = 200;

    /// <summary>How many roots of templates are made at the same time; others wait for their turn.</summary>
    public int ConcurrentTemplateBuilds { get; init; } = 2;

    /// <summary>A root that takes longer, counted from its turn, is given up and its template fails.</summary>
    public TimeSpan TemplateBuildTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Bytes that the templates of one user may take.</summary>
    public long TemplateStorage { get; init; } = 20L << 30;

    /// <summary>How long entries of the audit log are kept.</summary>
    public TimeSpan KeepAudit { get; init; } = TimeSpan.FromDays(90);

    /// <summary>The most entries that the audit log holds; the oldest go.</summary>
    public long MaxAuditEntries { get; init; } = 1_000_000;

    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>Name of the user made at first start.</summary>
    public string RootUsername { get; init; } = "root";

    /// <summary>What the kernel calls this boot of the machine.</summary>
    public string BootId { get; init; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    internal string DatabasePath => Path.Combine(DataDirectory, "atoll.db");

    internal string BallastPath => Path.Combine(DataDirectory, "ballast");

    internal string KeyPath => Path.Combine(DataDirectory, "secret.key");
}
