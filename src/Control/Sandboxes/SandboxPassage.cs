using Atoll.Domain;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// The stay of a sandbox in states that pass by themselves (starting, pausing, resuming, forking), for those who wait for
/// its end. Moved by the sandbox's actor only.
/// </summary>
internal sealed class SandboxPassage
{
    private TaskCompletionSource<Outcome>? _ends;

    /// <summary>Completes when the present stay ends; null while the sandbox is in a state that lasts.</summary>
    public Task<Outcome>? Ends => Volatile.Read(ref _ends)?.Task;

    public static bool Passes(SandboxState state) =>
        state is SandboxState.Created or SandboxState.Starting or SandboxState.Pausing or SandboxState.Resuming or SandboxState.Forking;

    /// <summary>Begins a stay before there is a record.</summary>
    public Task<Outcome> Begin()
    {
        var begun = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _ends, begun);
        return begun.Task;
    }

    /// <summary>Says that a record is stored.</summary>
    /// <param name="command">What led to it; null for one that was read.</param>
    public void Move(Sandbox after, SandboxCommand? command)
    {
        if (!Passes(after.State))
        {
            Interlocked.Exchange(ref _ends, null)?.TrySetResult(new Outcome(after, Why(command)));
        }
        else if (_ends is null)
        {
            Begin();
        }
    }

    /// <summary>Nobody is going to move it any more.</summary>
    public void Break() => Interlocked.Exchange(ref _ends, null)?.TrySetException(
        new Fault(FaultCode.Internal, "the sandbox is not looked after at the moment: try again").AsException());

    private static Fault? Why(SandboxCommand? command) => command switch
    {
        SandboxCommand.Lost lost => lost.NoRoom,
        SandboxCommand.CaptureFailed failed => failed.Why,
        SandboxCommand.ResumeFailed failed => failed.Why,
        _ => null,
    };
}
