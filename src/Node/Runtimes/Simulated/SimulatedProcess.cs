using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>One simulated process: a script that is interpreted until it ends, is signalled or runs out of lifetime.</summary>
internal sealed class SimulatedProcess(
    int pid, ProcessSpec spec, IReadOnlyDictionary<string, string> environment, TimeProvider time, TimeSpan holdBack)
{
    private const int Sigkill = 9;

    // Signals that a shell does not die of: none was sent (0), CHLD, CONT, URG, WINCH.
    private static readonly int[] Harmless = [0, 17, 18, 23, 28];

    private readonly CancellationTokenSource _killed = new();
    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private int _signal;

    public int Pid => pid;

    public SimulatedOutput Output { get; } = new(spec.OutputCapacity, holdBack, time);

    public Task<ProcessExit> Exit => _exit.Task;

    public ProcessInfo Info => new(
        pid, spec.Tag, spec.Arguments, spec.WorkingDirectory, _startedAt, _exit.Task.IsCompletedSuccessfully ? _exit.Task.Result : null);

    public void Start() => _ = Task.Run(RunAsync);

    public void Signal(int signal)
    {
        if (!Harmless.Contains(signal) && Interlocked.CompareExchange(ref _signal, signal, 0) == 0)
        {
            _killed.Cancel();
        }
    }

    private async Task RunAsync()
    {
        await using ITimer? lifetime = spec.Lifetime is { } limit
            ? time.CreateTimer(_ => Signal(Sigkill), null, limit, System.Threading.Timeout.InfiniteTimeSpan)
            : null;
        ProcessExit exit;
        try
        {
            var shell = new SimulatedShell(pid, environment, spec.WorkingDirectory, Output, Signal, time);
            string script = spec.Arguments is [_, "-c", var text, ..] ? text : "";
            exit = new ProcessExit(await shell.RunAsync(script, _killed.Token), 0);
        }
        catch (OperationCanceledException)
        {
            exit = new ProcessExit(128 + _signal, _signal);
        }

        _exit.SetResult(exit);
        Output.Complete();
    }
}
