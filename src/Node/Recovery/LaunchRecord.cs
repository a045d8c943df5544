using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Recovery;

/// <summary>
/// What a node must know to find again or remove a sandbox that an earlier server process started. Written before
/// the thing it names is made, so that nothing on the machine is ever without a record.
/// </summary>
internal sealed record LaunchRecord(SandboxId Id)
{
    /// <summary>Which network slot it has; null before one is taken.</summary>
    public int? NetworkSlot { get; init; }

    /// <summary>Whether it may reach the internet.</summary>
    public bool AllowInternetAccess { get; init; }

    /// <summary>The template whose root file system it has; null in records of earlier versions of the server.</summary>
    public string? Template { get; init; }

    /// <summary>Digest of the agent that it runs; null before its bundle is written.</summary>
    public string? Agent { get; init; }

    /// <summary>What it was launched with; null in records of earlier versions of the server.</summary>
    public SandboxResources? Resources { get; init; }

    /// <summary>Pid of the process that is the sandbox, on the host; null before it is started.</summary>
    public int? RuntimePid { get; init; }

    /// <summary>When that process started, in clock ticks since boot, so that a reused pid is not taken for it.</summary>
    public long RuntimeStartTicks { get; init; }
}
