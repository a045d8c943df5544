using System.Collections.Concurrent;
using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>Finds the actor of a sandbox, waking it from the store when it sleeps; never two for one sandbox.</summary>
internal sealed class SandboxDirectory : IDisposable
{
    private readonly ConcurrentDictionary<SandboxId, SandboxActor> _actors = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ActorContext _context;
    private readonly LiveTokens _tokens;

    public SandboxDirectory(
        SandboxStore store, Admission admission, INode node, ITemplates templates, ISandboxAddresses addresses, SandboxUses uses,
        ImageReferences images, TimeProvider time, ControlOptions options, LiveTokens tokens, ILogger<SandboxActor> log)
    {
        _tokens = tokens;
        Wheel = new TimerWheel(time, id => Tell(id, new SandboxCommand.Expire(), "timer"));
        IdleWheel = new TimerWheel(time, id => Tell(id, new SandboxCommand.Idle(), "timer"));
        _context = new ActorContext(
            store, admission, node, templates, addresses, Wheel, IdleWheel, uses, images, time, options, log, new SemaphoreSlim(options.ConcurrentLaunches), _stopping.Token);
    }

    public TimerWheel Wheel { get; }

    public TimerWheel IdleWheel { get; }

    public bool IsAwake(SandboxId id) => _actors.ContainsKey(id);

    /// <summary>The present record, without waking anybody; null when there is none.</summary>
    public Sandbox? Read(SandboxId id) => Live(id) ?? _context.Store.Find(id);

    /// <summary>Makes the actor of a new sandbox, which stores and starts it.</summary>
    /// <returns>Completes when the record is durable, and when it is no longer on its way up.</returns>
    /// <param name="lease">On the image that it is made of; disposed of when that is not needed any more.</param>
    public (Task<Sandbox> Stored, Task<Outcome> Settled) Add(Newborn newborn, IDisposable? lease = null)
    {
        SandboxId id = newborn.Record.Id;
        var actor = new SandboxActor(id, newborn, _context, Remove);
        _actors[id] = actor;
        _tokens.Add(id);
        Task<Outcome> settled = actor.Start();
        if (lease is not null)
        {
            _ = settled.ContinueWith(_ => lease.Dispose(), TaskScheduler.Default);
        }

        return (actor.Stored, settled);
    }

    /// <summary>Makes sure that the sandbox's actor is awake: it goes on with whatever is left to do.</summary>
    public SandboxActor Wake(SandboxId id)
    {
        SandboxActor actor = _actors.GetOrAdd(id, Sleeping);
        actor.EnsureStarted();
        return actor;
    }

    /// <exception cref="FaultException">The command is refused, or there is no such sandbox.</exception>
    public async Task<Sandbox> AskAsync(SandboxId id, SandboxCommand command, string by, CancellationToken cancellation) =>
        (await AskForPassageAsync(id, command, by, cancellation)).Sandbox;

    /// <summary>As <see cref="AskAsync"/>, and tells when the state has passed to which the command led.</summary>
    public async Task<Answer> AskForPassageAsync(SandboxId id, SandboxCommand command, string by, CancellationToken cancellation)
    {
        while (true)
        {
            SandboxActor actor = Wake(id);
            if (await actor.AskAsync(command, by, cancellation) is { } answer)
            {
                return answer;
            }

            await actor.Ended.WaitAsync(cancellation);
            if (_context.Store.Find(id) is null)
            {
                throw Fault.NotFound("sandbox", id.Value).AsException();
            }
        }
    }

    public void Tell(SandboxId id, SandboxCommand command, string by) => _ = Wake(id).TellAsync(command, by);

    /// <summary>Waits until the state that the sandbox is in has passed.</summary>
    /// <returns>Where it led to; null when it is one that lasts, or there is no such sandbox.</returns>
    public async Task<Outcome?> PassAsync(SandboxId id, CancellationToken cancellation)
    {
        SandboxActor actor = Wake(id);
        await actor.Begun.WaitAsync(cancellation);
        return actor.Passage is { } passage ? await passage.WaitAsync(cancellation) : null;
    }

    /// <summary>The record that an actor holds, with its phase; null when none is awake.</summary>
    public Sandbox? Live(SandboxId id) => _actors.TryGetValue(id, out SandboxActor? actor) ? actor.Record : null;

    /// <summary>Ends launches, captures and restores, which are undone, and retries; sandboxes that run are left alone.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        Dispose();
        await Task.WhenAll(_actors.Values.Select(actor => actor.WorkEnded)).WaitAsync(cancellation);
    }

    public void Dispose()
    {
        Wheel.Dispose();
        IdleWheel.Dispose();
        _stopping.Cancel();
    }

    private SandboxActor Sleeping(SandboxId id)
    {
        _tokens.Add(id);
        return new SandboxActor(id, null, _context, Remove);
    }

    private void Remove(SandboxActor actor)
    {
        _tokens.Remove(actor.Id);
        _actors.TryRemove(KeyValuePair.Create(actor.Id, actor));
    }
}
