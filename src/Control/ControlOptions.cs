using Atoll.Control.Sandboxes;

namespace Atoll.Control;

/// <summary>What an operator can choose about deciding and remembering.</summary>
public sealed record ControlOptions
{
    /// <summary>Holds <c>atoll.db</c> and <c>secret.key</c>; made with mode 0700 when absent.</summary>
    public required string DataDirectory { get; init; }

    public SandboxLimits Limits { get; init; } = new();

    /// <summary>A launch that takes longer is cancelled and its sandbox fails.</summary>
    public TimeSpan LaunchTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bound of one attempt to clean a sandbox off its node, and of one adoption.</summary>
    public TimeSpan NodeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the reconcilers look even when nothing signals them.</summary>
    public TimeSpan ReconcileInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many sandboxes are taken back at the same time after a restart.</summary>
    public int ConcurrentAdoptions { get; init; } = 8;

    /// <summary>Name of the user made at first start.</summary>
    public string RootUsername { get; init; } = "root";

    internal string DatabasePath => Path.Combine(DataDirectory, "atoll.db");

    internal string KeyPath => Path.Combine(DataDirectory, "secret.key");
}
