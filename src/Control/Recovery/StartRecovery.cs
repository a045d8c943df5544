using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Recovery;

/// <summary>
/// Brings what the store remembers and what the node still has together again after the server stopped, however it
/// stopped: takes running sandboxes back, also those of which no image is complete, fails half-made ones, leaves those that
/// have an image paused, goes on with terminations.
/// </summary>
internal sealed partial class StartRecovery(
    SandboxStore store, SandboxDirectory directory, INode node, ISandboxAddresses addresses, BootRecord boot, TimeProvider time, ControlOptions options,
    ILogger<StartRecovery> log)
{
    internal const string ImageIsLost = "the image that it was paused to is not there any more, or damaged";
    private const string Cause = "recovery";

    public async Task RunAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Sandbox> unfinished = store.Unfinished();
        if (unfinished.Count > 0)
        {
            await RunAsync(unfinished, cancellation);
        }

        boot.Remember();
    }

    private async Task RunAsync(IReadOnlyList<Sandbox> unfinished, CancellationToken cancellation)
    {
        // All of them before any gets another: what one must give up may be the port of the next.
        foreach (Sandbox sandbox in unfinished.Where(sandbox => sandbox.State is not SandboxState.Terminating))
        {
            if (sandbox.LocalPort is { } port && !await addresses.TryReopenAsync(sandbox.Id, port, cancellation))
            {
                LogMoved(sandbox.Id, port);
            }
        }

        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = options.ConcurrentAdoptions, CancellationToken = cancellation };
        await Parallel.ForEachAsync(unfinished, atOnce, async (sandbox, token) => await TryRecoverAsync(sandbox, token));
        LogRecovered(unfinished.Count);
    }

    /// <summary>One that makes trouble keeps neither the others nor the server from starting.</summary>
    private async Task TryRecoverAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        try
        {
            await RecoverAsync(sandbox, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogNotRecovered(e, sandbox.Id);
        }
    }

    private async Task RecoverAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        SandboxCommand? command = sandbox.State switch
        {
            SandboxState.Created or SandboxState.Starting => new SandboxCommand.Lost("the server stopped while it was starting"),
            // Its actor does the rest.
            SandboxState.Pausing when HasImage(sandbox) => null,
            SandboxState.Pausing => await AdoptAsync(sandbox.Id, cancellation) ?? NotCaptured("the server stopped while it was being paused"),
            SandboxState.Forking => await AdoptAsync(sandbox.Id, cancellation) ?? NotCaptured("the server stopped while it was being captured"),
            SandboxState.Resuming => new SandboxCommand.Lost("the server stopped while it was being resumed"),
            SandboxState.Paused when sandbox.Image is { } image && !HasImage(sandbox) => new SandboxCommand.ImageLost(image, ImageIsLost),
            // Not worth taking back: its time is up.
            SandboxState.Running when !sandbox.AutoPause && sandbox.ExpiresAt <= time.GetUtcNow() => new SandboxCommand.Expire(),
            SandboxState.Running => await AdoptAsync(sandbox.Id, cancellation),
            _ => null,
        };

        if (command is null)
        {
            // Not before its timeout is watched is it looked after.
            await directory.Wake(sandbox.Id).Begun.WaitAsync(cancellation);
        }
        else
        {
            sandbox = await directory.AskAsync(sandbox.Id, command, Cause, cancellation);
        }

        await AddressAsync(sandbox, cancellation);
    }

    private bool HasImage(Sandbox sandbox) => sandbox.Image is { } image && node.FindImage(image) is not null;

    private static SandboxCommand.CaptureFailed NotCaptured(string why) => new(new Fault(FaultCode.AgentUnavailable, why));

    /// <summary>One that lives on without its old port gets another; without any it is still reached by its token.</summary>
    private async Task AddressAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        if (sandbox.State is SandboxState.Terminating || sandbox.State.IsFinal())
        {
            return;
        }

        int? port = null;
        try
        {
            port = await addresses.OpenAsync(sandbox.Id, cancellation);
        }
        catch (FaultException e)
        {
            LogNoAddress(e, sandbox.Id);
        }

        if (port != sandbox.LocalPort)
        {
            await directory.AskAsync(sandbox.Id, new SandboxCommand.Move(port), Cause, cancellation);
        }
    }

    /// <returns>Null when it runs on.</returns>
    private async Task<SandboxCommand?> AdoptAsync(SandboxId id, CancellationToken cancellation) =>
        await TryAdoptAsync(id, cancellation) is { } problem
            ? new SandboxCommand.Lost(boot.IsAnother ? "the machine was rebooted while it ran" : problem)
            : null;

    private async Task<string?> TryAdoptAsync(SandboxId id, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(options.AdoptionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            return await node.AdoptAsync(id, either.Token).WaitAsync(either.Token) is { } problem ? $"did not outlive a restart of the server: {problem}" : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"could not be taken back within {options.AdoptionTimeout.TotalSeconds:0.###} s after a restart of the server";
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogNotRecovered(e, id);
            return "could not be taken back after a restart of the server";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: its local port {Port} is taken, or none that this server gives to sandboxes")]
    private partial void LogMoved(SandboxId sandbox, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} has no local port")]
    private partial void LogNoAddress(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox} could not be looked after after the restart")]
    private partial void LogNotRecovered(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} sandboxes of before the restart were looked after")]
    private partial void LogRecovered(int count);
}
