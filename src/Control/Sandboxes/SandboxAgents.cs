using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>Finds the agents of sandboxes that run.</summary>
internal sealed class SandboxAgents(SandboxDirectory directory, LiveTokens tokens, INode node) : ISandboxAgents
{
    public ValueTask<Sandbox?> FindAsync(SandboxId id, CancellationToken cancellation) => ValueTask.FromResult(directory.Read(id));

    public IEnumerable<SandboxId> Live => tokens.Ids;

    public SandboxId? FindByToken(string token) => tokens.Find(token);

    public ValueTask<IAgent> AgentAsync(SandboxId id, CancellationToken cancellation)
    {
        Sandbox sandbox = directory.Read(id) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
        return SandboxStateMachine.Decide(sandbox.State, new SandboxCommand.UseAgent()).Refusal is { } refusal
            ? throw refusal.AsException()
            : ValueTask.FromResult(node.Agent(id));
    }

    public IDisposable Use(SandboxId id) => NoUse.Instance;

    private sealed class NoUse : IDisposable
    {
        public static readonly NoUse Instance = new();

        public void Dispose()
        {
        }
    }
}
