using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>One call, its access checked: for which sandbox, in whose name, in which dialect, and for how long.</summary>
internal sealed record ConnectCall
{
    public required SandboxId Sandbox { get; init; }

    public required IAgent Agent { get; init; }

    public required DataPlaneDialect Dialect { get; init; }

    /// <summary>The user of the sandbox in whose name to act. Whether there is one of this name only the sandbox knows.</summary>
    public required string User { get; init; }

    /// <summary>What the client gave as its patience in <c>Connect-Timeout-Ms</c>; null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Fires when the client is gone, the server stops, or the patience is at its end, unless the method keeps that itself.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Begins a message that may be large; its place is given back once the client has its reply, or is gone.</summary>
    public required Func<MessageMemory.Place> TakeMemory { get; init; }
}
