using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Sandboxes for callers who may ask twice: a create takes its id from the operation, and a repeat of one whose end nobody knows
/// is answered with what the first attempt made or changed. Without an operation everything is left to the port behind it.
/// </summary>
internal sealed class RepeatableSandboxes(
    ISandboxes sandboxes, SandboxDirectory directory, SandboxStore store, TimeProvider time, ControlOptions options) : ISandboxes
{
    private static readonly TimeSpan UndoAllowance = TimeSpan.FromSeconds(30);

    // Each attempt that failed leaves a failed record; nobody gets through that many.
    private const int MostAttempts = 1000;

    public async Task<Sandbox> CreateAsync(Caller caller, CreateSandbox request, bool wait, CancellationToken cancellation)
    {
        if (caller.Operation is not { } operation)
        {
            return await sandboxes.CreateAsync(caller, request, wait, cancellation);
        }

        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            SandboxId id = SandboxId.Parse(operation.UlidOf(attempt));
            if (!operation.IsRepeat || store.Find(id) is not { } made)
            {
                return await sandboxes.CreateAsync(caller, request with { Id = id }, wait, cancellation);
            }

            // One that failed runs nowhere: what is asked for again is a sandbox.
            if ((wait ? await SettledAsync(made, cancellation) : made) is { State: not SandboxState.Failed } settled)
            {
                return settled;
            }
        }

        throw new Fault(FaultCode.NoCapacity, "this create has failed too often: use another Idempotency-Key").AsException();
    }

    public Task<Sandbox> GetAsync(Caller caller, SandboxId id, CancellationToken cancellation) => sandboxes.GetAsync(caller, id, cancellation);

    public Task<SandboxPage> ListAsync(Caller caller, SandboxQuery query, CancellationToken cancellation) =>
        sandboxes.ListAsync(caller, query, cancellation);

    public Task<Sandbox> PauseAsync(Caller caller, SandboxId id, bool wait, CancellationToken cancellation) => UnlessDoneAsync(
        caller, id, sandbox => sandbox.State is SandboxState.Paused, () => sandboxes.PauseAsync(caller, id, wait, cancellation), cancellation);

    public Task<Sandbox> ResumeAsync(Caller caller, SandboxId id, TimeSpan? timeout, bool wait, CancellationToken cancellation) => UnlessDoneAsync(
        caller, id, sandbox => sandbox.State is SandboxState.Running, () => sandboxes.ResumeAsync(caller, id, timeout, wait, cancellation), cancellation);

    public Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, SandboxId id, ForkSandbox request, CancellationToken cancellation) =>
        sandboxes.ForkAsync(caller, id, request, cancellation);

    public Task<Sandbox> ConnectAsync(
        Caller caller, SandboxId id, TimeSpan? timeout, TimeoutOrigin origin, CancellationToken cancellation) =>
        sandboxes.ConnectAsync(caller, id, timeout, origin, cancellation);

    public Task<Sandbox> SetTimeoutAsync(
        Caller caller, SandboxId id, TimeSpan timeout, TimeoutRule rule, CancellationToken cancellation) => UnlessDoneAsync(
        caller, id, sandbox => rule is TimeoutRule.OnlyLonger && sandbox.Timeout == timeout,
        () => sandboxes.SetTimeoutAsync(caller, id, timeout, rule, cancellation), cancellation);

    public Task<Sandbox> AddPortAsync(Caller caller, SandboxId id, PortMapping port, CancellationToken cancellation) => UnlessDoneAsync(
        caller, id, sandbox => sandbox.Ports.Contains(port with { IsProtected = false }),
        () => sandboxes.AddPortAsync(caller, id, port, cancellation), cancellation);

    public Task<Sandbox> RemovePortAsync(Caller caller, SandboxId id, int port, CancellationToken cancellation) => UnlessDoneAsync(
        caller, id, sandbox => sandbox.Ports.All(other => other.Port != port),
        () => sandboxes.RemovePortAsync(caller, id, port, cancellation), cancellation);

    public Task<Sandbox> TerminateAsync(Caller caller, SandboxId id, CancellationToken cancellation) =>
        sandboxes.TerminateAsync(caller, id, cancellation);

    public Task<Sandbox> DeleteAsync(Caller caller, SandboxId id, CancellationToken cancellation) =>
        sandboxes.DeleteAsync(caller, id, cancellation);

    private async Task<Sandbox> UnlessDoneAsync(
        Caller caller, SandboxId id, Func<Sandbox, bool> isDone, Func<Task<Sandbox>> perform, CancellationToken cancellation)
    {
        if (caller.Operation is { IsRepeat: true } && await sandboxes.GetAsync(caller, id, cancellation) is var sandbox && isDone(sandbox))
        {
            return sandbox;
        }

        return await perform();
    }

    /// <summary>The record once it is no longer on its way up.</summary>
    private async Task<Sandbox> SettledAsync(Sandbox made, CancellationToken cancellation)
    {
        if (made.State is not (SandboxState.Created or SandboxState.Starting))
        {
            return made;
        }

        try
        {
            Outcome? outcome = await directory.PassAsync(made.Id, cancellation).WaitAsync(options.LaunchTimeout + UndoAllowance, time, cancellation);
            return outcome?.Sandbox ?? directory.Read(made.Id) ?? made;
        }
        catch (TimeoutException e)
        {
            throw new FaultException(
                new Fault(FaultCode.Timeout, $"sandbox '{made.Id}' is still starting: ask for its status, or delete it"), e);
        }
    }
}
