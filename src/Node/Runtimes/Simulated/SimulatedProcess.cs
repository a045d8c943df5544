using System.Collections.Immutable;
using Atoll.Domain;
using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>One simulated process: a script that is interpreted until it ends, is signalled or runs out of lifetime.</summary>
internal sealed class SimulatedProcess
{
    private const int Sigkill = 9;

    // Signals that a shell does not die of: none was sent (0), CHLD, CONT, URG, WINCH.
    private static readonly int[] Harmless = [0, 17, 18, 23, 28];

    private readonly CancellationTokenSource _killed = new();
    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ProcessSpec _spec;
    private readonly TimeProvider _time;
    private readonly SimulatedShell _shell;
    private readonly DateTimeOffset _startedAt;
    private int _signal;

    public SimulatedProcess(int pid, ProcessSpec spec, IReadOnlyDictionary<string, string> environment, TimeProvider time, TimeSpan holdBack)
        : this(
            new Memory(pid, spec, time.GetUtcNow(), new SimulatedShell.Memory(environment.ToImmutableDictionary()), new SimulatedOutput(spec.OutputCapacity, holdBack, time)),
            time)
    {
    }

    /// <summary>A process that goes on where another one was.</summary>
    public SimulatedProcess(Memory memory, TimeProvider time)
    {
        (Pid, _spec, _time, _startedAt) = (memory.Pid, memory.Spec, time, memory.StartedAt);
        Output = memory.Output;
        Input = new SimulatedInput(_spec, Output, memory.InputClosed);
        _shell = new SimulatedShell(Pid, memory.Shell, _spec.WorkingDirectory, Input, Output, Signal, time);
        Input.Interrupt = _shell.Interrupt;
        if (memory.Exit is { } exit)
        {
            End(exit);
        }
    }

    /// <summary>All that there is of a process at one moment.</summary>
    public sealed record Memory(int Pid, ProcessSpec Spec, DateTimeOffset StartedAt, SimulatedShell.Memory Shell, SimulatedOutput Output)
    {
        public bool InputClosed { get; init; }

        /// <summary>How it ended; null while it runs.</summary>
        public ProcessExit? Exit { get; init; }

        /// <summary>For one more process that goes on from here.</summary>
        public Memory Copy() => this with { Output = Output.Copy(long.MaxValue) };
    }

    public int Pid { get; }

    public SimulatedOutput Output { get; }

    public SimulatedInput Input { get; }

    public Task<ProcessExit> Exit => _exit.Task;

    public ProcessInfo Info => new(
        Pid, _spec.Tag, _spec.Arguments, _spec.WorkingDirectory, _startedAt, _exit.Task.IsCompletedSuccessfully ? _exit.Task.Result : null)
    {
        Environment = _spec.Environment,
        HasTerminal = Input.IsTerminal,
    };

    public void Start()
    {
        if (!_exit.Task.IsCompleted)
        {
            _ = Task.Run(RunAsync);
        }
    }

    /// <summary>The process as it is, with what is left of its lifetime; it runs on itself.</summary>
    public Memory Remember()
    {
        SimulatedShell.Memory shell = _shell.Remember();
        ProcessExit? exit = Info.Exit;
        return new Memory(
            Pid, _spec with { Lifetime = _spec.Lifetime - (_time.GetUtcNow() - _startedAt) }, _startedAt, shell,
            Output.Copy(exit is null ? shell.Sequence : long.MaxValue))
        {
            InputClosed = Input.IsClosed,
            Exit = exit,
        };
    }

    public void Signal(int signal)
    {
        if (!Harmless.Contains(signal) && Interlocked.CompareExchange(ref _signal, signal, 0) == 0)
        {
            _killed.Cancel();
        }
    }

    /// <summary>Nothing here depends on a terminal's size: it is only checked.</summary>
    public void Resize(TerminalSize size)
    {
        Input.RequireRunning();
        SimulatedAgent.RequireSize(size);
        if (!Input.IsTerminal)
        {
            throw new Fault(FaultCode.WrongState, $"process {Pid} does not run on a terminal").AsException();
        }
    }

    private async Task RunAsync()
    {
        await using ITimer? lifetime = _spec.Lifetime is { } limit
            ? _time.CreateTimer(_ => Signal(Sigkill), null, limit > TimeSpan.Zero ? limit : TimeSpan.Zero, System.Threading.Timeout.InfiniteTimeSpan)
            : null;
        ProcessExit exit;
        try
        {
            string? script = _spec.Arguments.SkipWhile(argument => argument != "-c").Skip(1).FirstOrDefault();
            exit = new ProcessExit(await (script is null ? _shell.ConverseAsync(_killed.Token) : _shell.RunAsync(script, _killed.Token)), 0);
        }
        catch (OperationCanceledException)
        {
            exit = new ProcessExit(128 + _signal, _signal);
        }

        End(exit);
    }

    private void End(ProcessExit exit)
    {
        Input.End();
        _exit.SetResult(exit);
        Output.Complete();
    }
}
