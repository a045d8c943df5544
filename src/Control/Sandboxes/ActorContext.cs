using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>What all sandbox actors share.</summary>
/// <param name="Wheel">Reports timeouts.</param>
/// <param name="IdleWheel">Reports sandboxes that may be idle.</param>
/// <param name="Turns">One for each launch, capture or restore that may be under way.</param>
/// <param name="Stopping">Cancelled when the server stops: launches and retries end, sandboxes run on.</param>
internal sealed record ActorContext(
    SandboxStore Store, Admission Admission, INode Node, ITemplates Templates, ISandboxAddresses Addresses, TimerWheel Wheel, TimerWheel IdleWheel,
    SandboxUses Uses, ImageReferences Images, TimeProvider Time,
    ControlOptions Options,
    ILogger<SandboxActor> Log, SemaphoreSlim Turns, CancellationToken Stopping);
