using Atoll.Control.Stores;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>What all sandbox actors share.</summary>
/// <param name="Changed">Told every stored change; with null after the id once a record was removed.</param>
/// <param name="Stopping">Cancelled when the server stops: launches and retries end, sandboxes run on.</param>
internal sealed record ActorContext(
    SandboxStore Store, INode Node, TimerWheel Wheel, TimeProvider Time, ControlOptions Options,
    ILogger<SandboxActor> Log, Action<SandboxId, Sandbox?> Changed, CancellationToken Stopping);
