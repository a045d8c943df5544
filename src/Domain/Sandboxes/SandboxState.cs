namespace Atoll.Domain.Sandboxes;

/// <summary>Where a sandbox is in its life. Each dialect maps every member to its own word.</summary>
public enum SandboxState
{
    /// <summary>Recorded; nothing started.</summary>
    Created,

    /// <summary>Being brought up; <see cref="SandboxPhase"/> says how far.</summary>
    Starting,

    /// <summary>Usable.</summary>
    Running,

    /// <summary>Memory and disk are being written to a snapshot.</summary>
    Pausing,

    /// <summary>On disk; uses no memory and no processor.</summary>
    Paused,

    /// <summary>Being restored from its snapshot.</summary>
    Resuming,

    /// <summary>A copy of it is being made.</summary>
    Forking,

    /// <summary>Being taken down; <see cref="SandboxPhase"/> says how far.</summary>
    Terminating,

    /// <summary>Over, at its user's wish or by its timeout. The record stays readable.</summary>
    Terminated,

    /// <summary>Over, through a fault; the record's reason says which.</summary>
    Failed,

    /// <summary>A resume or fork failed for good; the snapshot is kept and can be tried again.</summary>
    Error,
}

/// <summary>The step within <see cref="SandboxState.Starting"/> or <see cref="SandboxState.Terminating"/>.</summary>
public enum SandboxPhase
{
    None,
    Allocating,
    Deploying,
    Initializing,
    WaitingReady,
    CleaningResources,
    CleaningData,
}

public static class SandboxStates
{
    /// <summary>Over for good: no command but delete is legal, and nothing on a node belongs to it.</summary>
    public static bool IsFinal(this SandboxState state) => state is SandboxState.Terminated or SandboxState.Failed;
}
