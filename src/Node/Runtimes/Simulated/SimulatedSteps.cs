using Atoll.Domain.Sandboxes;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>A launch step that makes one named thing on the simulated machine.</summary>
internal sealed class SimulatedStep(string name, SandboxPhase phase, SimulatedMachine machine, SimulatedOptions options) : ILaunchStep
{
    public string Name => name;

    public SandboxPhase Phase => phase;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        machine.Make(context.Request.Id, name);
        await options.WaitAsync(context.Request.Id, name, machine.Time, cancellation);
    }

    public Task UndoAsync(JournaledRecord record)
    {
        options.OnUndo?.Invoke(record.Id, name);
        machine.Remove(record.Id, name);
        return Task.CompletedTask;
    }
}

/// <summary>The last step: from then on the simulated sandbox runs and its agent answers.</summary>
internal sealed class SimulatedRuntimeStep(SimulatedMachine machine, SimulatedOptions options) : ILaunchStep
{
    public string Name => "runtime";

    public SandboxPhase Phase => SandboxPhase.WaitingReady;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        SandboxId id = context.Request.Id;
        machine.Make(id, Name);
        SimulatedSandbox sandbox;
        if (context.Request.From is { } image)
        {
            await options.WaitAsync(id, "restore", machine.Time, cancellation);
            sandbox = machine.Restore(id, context.Request.Resources, image, options.HoldBack);
        }
        else
        {
            sandbox = machine.Run(id, context.Request.Resources, context.Request.Environment, options.HoldBack);
        }

        await options.WaitAsync(id, Name, machine.Time, cancellation);
        sandbox.Agent.GoOn();
        context.Running = new RunningSandbox(sandbox.Agent, sandbox.Ended, () => ValueTask.CompletedTask);
    }

    public Task UndoAsync(JournaledRecord record)
    {
        options.OnUndo?.Invoke(record.Id, Name);
        machine.Stop(record.Id);
        machine.Remove(record.Id, Name);
        return Task.CompletedTask;
    }
}

internal static class SimulatedWaits
{
    /// <summary>What a step spends its time with.</summary>
    public static async Task WaitAsync(
        this SimulatedOptions options, SandboxId id, string step, TimeProvider time, CancellationToken cancellation)
    {
        if (options.StepDelay > TimeSpan.Zero)
        {
            await Task.Delay(options.StepDelay, time, cancellation);
        }

        if (options.OnStep is { } onStep)
        {
            await onStep(id, step, cancellation);
        }
    }
}
