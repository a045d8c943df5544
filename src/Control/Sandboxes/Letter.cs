using Atoll.Domain;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>A command on its way to an actor, and who waits for the answer.</summary>
/// <param name="Reply">Null when nobody waits.</param>
internal sealed record Letter(SandboxCommand Command, string By, TaskCompletionSource<Answer?>? Reply)
{
    public void Answer(Answer answer) => Reply?.TrySetResult(answer);

    public void Refuse(Fault fault) => Reply?.TrySetException(fault.AsException());

    public void Fail(Exception e) => Reply?.TrySetException(e);

    public void Bounce() => Reply?.TrySetResult(null);
}

/// <summary>What an accepted command made of a sandbox.</summary>
/// <param name="Passage">Completes when the state that it is in now has passed; null when it is one that lasts.</param>
internal sealed record Answer(Sandbox Sandbox, Task<Outcome>? Passage);

/// <summary>Where a passing state led to.</summary>
/// <param name="Why">Why it did not lead to where it should have; null when it did, or when a command of somebody else ended it.</param>
internal sealed record Outcome(Sandbox Sandbox, Fault? Why);
