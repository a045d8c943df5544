using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>Finds the agents of sandboxes that run, brings back those that come back by themselves, and hears who uses them.</summary>
internal sealed class SandboxAgents(
    SandboxDirectory directory, LiveTokens tokens, SandboxUses uses, INode node, TimeProvider time, ControlOptions options) : ISandboxAgents
{
    public ValueTask<Sandbox?> FindAsync(SandboxId id, CancellationToken cancellation) => ValueTask.FromResult(directory.Read(id));

    public IEnumerable<SandboxId> Live => tokens.Ids;

    public SandboxId? FindByToken(string token) => tokens.Find(token);

    public ValueTask<IAgent> AgentAsync(SandboxId id, CancellationToken cancellation) =>
        Find(id).State is SandboxState.Running ? ValueTask.FromResult(node.Agent(id)) : new ValueTask<IAgent>(WaitAsync(id, cancellation));

    public IDisposable Use(SandboxId id) => uses.Begin(id);

    private Sandbox Find(SandboxId id) => directory.Read(id) ?? throw Fault.NotFound("sandbox", id.Value).AsException();

    private async Task<IAgent> WaitAsync(SandboxId id, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(options.TransitionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            while (true)
            {
                Sandbox sandbox = Find(id);
                switch (sandbox.State)
                {
                    case SandboxState.Running:
                        return node.Agent(id);
                    case SandboxState.Pausing or SandboxState.Forking or SandboxState.Resuming:
                        Check(await directory.PassAsync(id, either.Token));
                        break;
                    case SandboxState.Paused when sandbox.AutoResume:
                        await WakeAsync(id, either.Token);
                        break;
                    default:
                        throw SandboxStateMachine.Decide(sandbox.State, new SandboxCommand.UseAgent()).Refusal!.AsException();
                }
            }
        }
        catch (OperationCanceledException e) when (bound.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new FaultException(
                new Fault(FaultCode.Timeout, $"sandbox '{id}' is still {Find(id).State.ToString().ToLowerInvariant()}: try again"), e);
        }
    }

    private async Task WakeAsync(SandboxId id, CancellationToken cancellation)
    {
        try
        {
            Answer answer = await directory.AskForPassageAsync(id, new SandboxCommand.Resume(), "wake", cancellation);
            Check(answer.Passage is { } passage ? await passage.WaitAsync(cancellation) : null);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.WrongState)
        {
            // Somebody else has brought it back, or ended it: looked at again.
        }
    }

    /// <summary>A resume that failed is the failure of who waits for it.</summary>
    private static void Check(Outcome? outcome)
    {
        if (outcome is { Sandbox.State: SandboxState.Paused, Why: { } why })
        {
            throw why.AsException();
        }
    }
}
