using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;

namespace Atoll.Node.Runtimes;

/// <summary>
/// One way of running a sandbox on this machine. A driver is its steps: to start a sandbox is to do them in order,
/// to stop it is to undo them in reverse. One contract suite runs over every driver.
/// </summary>
internal interface IRuntimeDriver
{
    /// <summary>The name that users see and configure, such as <c>gvisor</c>.</summary>
    string Name { get; }

    /// <summary>Finds out whether sandboxes can be run here, by trying; bounded by the token.</summary>
    Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation);

    /// <summary>Makes ready what all sandboxes share. Called once, before any other use; safe to repeat.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Undoes <see cref="PrepareAsync"/>. Called when the server stops and no sandbox is left on this machine.</summary>
    Task RetireAsync();

    /// <summary>The ordered steps of bringing one sandbox up. One of them sets <see cref="LaunchContext.Running"/>.</summary>
    IReadOnlyList<ILaunchStep> Steps { get; }

    /// <summary>What a running sandbox uses.</summary>
    /// <exception cref="IOException">It has ended meanwhile.</exception>
    SandboxUsage Measure(SandboxId id);

    /// <summary>The images of its sandboxes, and how they are made. A launch whose request has <see cref="LaunchRequest.From"/> restores one.</summary>
    IImages Images { get; }

    /// <summary>Takes back a sandbox that an earlier server process started. Throws with the reason when it cannot.</summary>
    Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation);
}

/// <summary>Whether a driver can work here.</summary>
/// <param name="Problem">What is missing; null when it can.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Detail">What was found: versions, modes.</param>
internal sealed record RuntimeProbe(string? Problem, string? Remedy, string Detail)
{
    public bool Usable => Problem is null;
}

/// <summary>A sandbox that runs on this machine, as its driver hands it over.</summary>
/// <param name="Agent">The way to its agent.</param>
/// <param name="Ended">Completes with the reason when the sandbox ends by itself; never faults.</param>
/// <param name="Release">Lets go of connections and watchers, not of the sandbox.</param>
internal sealed record RunningSandbox(IAgent Agent, Task<string> Ended, Func<ValueTask> Release);
