using Atoll.Domain.Sandboxes;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Launch;

/// <summary>
/// Does a driver's steps in order; when one fails, undoes those done in reverse.
/// <code>
///   network -> disk -> cgroup -> bundle -> runtime -> agent        (the steps of gVisor)
///      ^                                     x fails
///      +---- undo ---- undo ---- undo ---- undo
/// </code>
/// </summary>
internal sealed partial class LaunchPlan(IReadOnlyList<ILaunchStep> steps, LaunchFaults faults, ILogger<LaunchPlan> log)
{
    public async Task DoAsync(LaunchContext context, Action<SandboxPhase> progress, CancellationToken cancellation)
    {
        int reached = 0;
        try
        {
            foreach (ILaunchStep step in steps)
            {
                cancellation.ThrowIfCancellationRequested();
                progress(step.Phase);
                reached++;
                faults.Reach($"before:{step.Name}");
                await step.DoAsync(context, cancellation);
                faults.Reach($"after:{step.Name}");
            }
        }
        catch (Exception e)
        {
            List<Exception> failures = await ReleaseAsync(context);
            failures.AddRange(await TryUndoAsync(context.Journaled, reached));
            if (failures.Count > 0)
            {
                throw new UndoIncompleteException(context.Journaled.Id, e, failures);
            }

            throw;
        }
    }

    /// <summary>Undoes every step in reverse. One that fails does not keep the others from being undone.</summary>
    /// <exception cref="UndoIncompleteException">Something is left.</exception>
    public async Task UndoAsync(JournaledRecord record)
    {
        List<Exception> failures = await TryUndoAsync(record, steps.Count);
        if (failures.Count > 0)
        {
            throw new UndoIncompleteException(record.Id, cause: null, failures);
        }
    }

    private static async Task<List<Exception>> ReleaseAsync(LaunchContext context)
    {
        try
        {
            if (context.Running is { } running)
            {
                await running.Release();
            }

            return [];
        }
        catch (Exception e)
        {
            return [e];
        }
    }

    private async Task<List<Exception>> TryUndoAsync(JournaledRecord record, int reached)
    {
        List<Exception> failures = [];
        foreach (ILaunchStep step in steps.Take(reached).Reverse())
        {
            try
            {
                await step.UndoAsync(record);
            }
            catch (Exception e)
            {
                LogUndoFailed(e, record.Id, step.Name);
                failures.Add(e);
            }
        }

        return failures;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: undoing step {Step} failed")]
    private partial void LogUndoFailed(Exception e, SandboxId sandbox, string step);
}

/// <summary>
/// Something of a sandbox is left on this machine: keep its record and try again later. When a launch failed first, its
/// cause is what the message begins with, since that is what its user must know.
/// </summary>
internal sealed class UndoIncompleteException(SandboxId id, Exception? cause, IReadOnlyList<Exception> failures) : Exception(
    (cause is null ? "" : $"{cause.Message}; after that, ")
    + $"{failures.Count} launch steps of {id} could not be undone: {failures[0].Message}",
    new AggregateException(cause is null ? failures : failures.Prepend(cause)));
