using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>How simulated sandboxes behave.</summary>
internal sealed record SimulatedOptions
{
    /// <summary>How long each launch step takes.</summary>
    public TimeSpan StepDelay { get; init; }

    /// <summary>
    /// Called at the start of each step with its name; what it throws fails the step, and it may wait. Also with
    /// <c>restore</c>, before the runtime of a sandbox that is made from an image, with <c>capture</c>, while half an image
    /// is there, and with <c>captured</c>, when it is complete and the caller does not know yet.
    /// </summary>
    public Func<SandboxId, string, CancellationToken, Task>? OnStep { get; init; }

    /// <summary>Called when a step is undone; what it throws leaves the step's traces.</summary>
    public Action<SandboxId, string>? OnUndo { get; init; }

    /// <summary>How long an attached reader that does not read holds a process back.</summary>
    public TimeSpan HoldBack { get; init; } = TimeSpan.FromSeconds(3);
}
