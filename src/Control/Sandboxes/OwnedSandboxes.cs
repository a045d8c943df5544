using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>Sandboxes as their owners see them: checks who asks and what for, then leaves the rest to the actors.</summary>
internal sealed class OwnedSandboxes(
    CreateRules rules, SandboxDirectory directory, SandboxLifecycle lifecycle, SandboxForks forks, ImageReferences images, SandboxStore store,
    TimeProvider time, ControlOptions options, SandboxLimits limits) : ISandboxes
{
    private const int MaxPage = 500;

    private TimeSpan Longest => options.Limits.MaxTimeout;

    public async Task<Sandbox> CreateAsync(Caller caller, CreateSandbox request, bool wait, CancellationToken cancellation)
    {
        Sandbox newborn = rules.Record(request, caller.User.Id, time.Now());
        (Task<Sandbox> stored, Task<Outcome> settled) = directory.Add(new Newborn(newborn, Cause(caller)), await LeaseAsync(newborn));
        Sandbox created = await stored.WaitAsync(cancellation);
        if (!wait)
        {
            return created;
        }

        try
        {
            Outcome outcome = await settled.WaitAsync(lifecycle.LaunchWait, time, cancellation);
            return outcome.Why is { } fault ? throw fault.AsException() : outcome.Sandbox;
        }
        catch (TimeoutException e)
        {
            throw new FaultException(
                new Fault(FaultCode.Timeout, $"sandbox '{newborn.Id}' is still starting: ask for its status, or delete it"), e);
        }
    }

    public Task<Sandbox> GetAsync(Caller caller, SandboxId id, CancellationToken cancellation) => Task.FromResult(Find(id, caller.MaySee));

    public Task<SandboxPage> ListAsync(Caller caller, SandboxQuery query, CancellationToken cancellation)
    {
        if (query.Limit is < 1 or > MaxPage)
        {
            throw Fault.Invalid("limit", $"limit must be 1 to {MaxPage}").AsException();
        }

        if (query.Offset < 0)
        {
            throw Fault.Invalid("offset", "offset must be 0 or more").AsException();
        }

        if (query.OfEverybody ? !caller.IsAdmin : query.Owner is { } owner && !caller.MaySee(owner))
        {
            throw new Fault(FaultCode.Forbidden, "only your own sandboxes can be listed: others' need the role admin or root", "owner_user_id").AsException();
        }

        SandboxPage page = store.List(query.OfEverybody ? null : query.Owner ?? caller.User.Id, query);
        return Task.FromResult(page with { Sandboxes = [.. page.Sandboxes.Select(WithPhase)] });
    }

    public async Task<Sandbox> PauseAsync(Caller caller, SandboxId id, bool wait, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        return await lifecycle.PauseAsync(id, Cause(caller), wait, cancellation);
    }

    public async Task<Sandbox> ResumeAsync(Caller caller, SandboxId id, TimeSpan? timeout, bool wait, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        return await lifecycle.ResumeAsync(id, Checked(timeout), Cause(caller), wait, cancellation);
    }

    public Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, SandboxId id, ForkSandbox request, CancellationToken cancellation) =>
        forks.ForkAsync(caller, () => Find(id, caller.MayUse), request, cancellation);

    public async Task<Sandbox> ConnectAsync(
        Caller caller, SandboxId id, TimeSpan? timeout, TimeoutOrigin origin, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        return await lifecycle.ConnectAsync(id, new SandboxCommand.Connect(Checked(timeout), origin, Longest), Cause(caller), cancellation);
    }

    public async Task<Sandbox> SetTimeoutAsync(
        Caller caller, SandboxId id, TimeSpan timeout, TimeoutRule rule, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        var command = new SandboxCommand.SetTimeout(rules.Timeout(timeout), rule, Longest);
        return await directory.AskAsync(id, command, Cause(caller), cancellation);
    }

    public async Task<Sandbox> AddPortAsync(Caller caller, SandboxId id, PortMapping port, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        return PortRules.Problem(port) is { } problem
            ? throw problem.AsException()
            : await directory.AskAsync(id, new SandboxCommand.AddPort(port, limits.MaxPorts), Cause(caller), cancellation);
    }

    public async Task<Sandbox> RemovePortAsync(Caller caller, SandboxId id, int port, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        return await directory.AskAsync(id, new SandboxCommand.RemovePort(port), Cause(caller), cancellation);
    }

    public async Task<Sandbox> TerminateAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Sandbox sandbox = Find(id, caller.MaySee);
        return sandbox.State.IsFinal()
            ? sandbox
            : await directory.AskAsync(id, new SandboxCommand.Terminate(), Cause(caller), cancellation);
    }

    public async Task<Sandbox> DeleteAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Find(id, caller.MaySee);
        return await directory.AskAsync(id, new SandboxCommand.Delete(), Cause(caller), cancellation);
    }

    /// <summary>Its snapshot may be deleted at any moment: what it is made of stays until it runs.</summary>
    private async ValueTask<IDisposable?> LeaseAsync(Sandbox newborn)
    {
        if (newborn.Source is not { } image)
        {
            return null;
        }

        IDisposable lease = await images.LeaseAsync(image);
        if (images.Exists(image))
        {
            return lease;
        }

        lease.Dispose();
        throw Fault.Invalid("template", "the snapshot was deleted, or its image is damaged").AsException();
    }

    private TimeSpan? Checked(TimeSpan? timeout) => timeout is { } given ? rules.Timeout(given) : null;

    private Sandbox Find(SandboxId id, Func<UserId, bool> may) => directory.Read(id) is { } sandbox && may(sandbox.Owner)
        ? sandbox
        : throw Fault.NotFound("sandbox", id.Value).AsException();

    // The phase within a state is known to the actor only.
    private Sandbox WithPhase(Sandbox stored) =>
        directory.Live(stored.Id) is { } live && live.State == stored.State ? stored with { Phase = live.Phase } : stored;

    private static string Cause(Caller caller) => caller.User.Id.Value;
}
