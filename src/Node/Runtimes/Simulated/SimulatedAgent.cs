using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>The agent of a simulated sandbox: a table of simulated processes and files in memory.</summary>
internal sealed class SimulatedAgent(IReadOnlyDictionary<string, string> environment, TimeProvider time, TimeSpan holdBack) : IAgent
{
    private readonly ConcurrentDictionary<int, SimulatedProcess> _processes = new();
    private readonly Lazy<SimulatedFiles> _files = new(() => new SimulatedFiles(time));
    private int _lastPid = 1;
    private volatile bool _closed;

    /// <summary>An agent whose sandbox goes on where another one was.</summary>
    public SimulatedAgent(Memory memory, TimeProvider time, TimeSpan holdBack)
        : this(memory.Environment, time, holdBack)
    {
        _files = new Lazy<SimulatedFiles>(memory.Files.Copy());
        Ports = memory.Ports.Copy();
        _lastPid = memory.LastPid;
        foreach (SimulatedProcess.Memory process in memory.Processes)
        {
            _processes[process.Pid] = new SimulatedProcess(process.Copy(), time);
        }
    }

    /// <summary>All that there is of a sandbox at one moment.</summary>
    public sealed record Memory(
        IReadOnlyDictionary<string, string> Environment, IReadOnlyList<SimulatedProcess.Memory> Processes, int LastPid, SimulatedFiles Files, SimulatedPorts Ports);

    /// <summary>The sandbox as it is.</summary>
    public Memory Remember() => new(
        environment, [.. _processes.Values.Select(process => process.Remember())], _lastPid, _files.Value.Copy(), Ports.Copy());

    /// <summary>Lets the processes of a copy go on.</summary>
    public void GoOn()
    {
        foreach (SimulatedProcess process in _processes.Values)
        {
            process.Start();
        }
    }

    public Task<ProcessInfo> StartAsync(ProcessSpec spec, CancellationToken cancellation)
    {
        Reach();
        if (spec.Arguments is not [var program, ..] || program is not ("bash" or "sh" or "/bin/bash" or "/bin/sh"))
        {
            throw Fault.Invalid("program", $"program '{spec.Arguments.FirstOrDefault()}' not found: a simulated sandbox has only bash").AsException();
        }

        SimulatedUser user = SimulatedUser.Find(spec.User);
        spec = spec with { WorkingDirectory = Path.Combine(user.Home, spec.WorkingDirectory) };
        if (spec.WorkingDirectory.Contains("/missing", StringComparison.Ordinal))
        {
            throw Fault.Invalid("cwd", $"working directory '{spec.WorkingDirectory}' not found").AsException();
        }

        RequireSize(spec.Terminal);
        var merged = new Dictionary<string, string>(environment);
        foreach ((string name, string value) in spec.Environment)
        {
            merged[name] = value;
        }

        var process = new SimulatedProcess(Interlocked.Increment(ref _lastPid), spec, merged, time, holdBack);
        _processes[process.Pid] = process;
        process.Start();
        return Task.FromResult(process.Info);
    }

    public async IAsyncEnumerable<ProcessEvent> AttachAsync(
        int pid, long fromSequence, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Reach();
        SimulatedProcess process = Find(pid);
        await foreach (ProcessEvent seen in process.Output.ReadAsync(fromSequence, cancellation))
        {
            yield return seen;
        }

        if (_closed)
        {
            throw Unreachable();
        }

        yield return new ProcessEvent.Exited(await process.Exit.WaitAsync(cancellation));
    }

    public Task SignalAsync(int pid, int signal, bool wholeGroup, CancellationToken cancellation)
    {
        Reach();
        Find(pid).Signal(signal);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellation)
    {
        Reach();
        return Task.FromResult<IReadOnlyList<ProcessInfo>>([.. _processes.Values.Select(process => process.Info).OrderBy(info => info.Pid)]);
    }

    public Task WriteInputAsync(int pid, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        Reach();
        return Find(pid).Input.WriteAsync(data, cancellation);
    }

    public Task CloseInputAsync(int pid, CancellationToken cancellation)
    {
        Reach();
        return Find(pid).Input.CloseAsync(cancellation);
    }

    public Task ResizeAsync(int pid, TerminalSize size, CancellationToken cancellation)
    {
        Reach();
        Find(pid).Resize(size);
        return Task.CompletedTask;
    }

    public ISandboxFiles Files => _files.Value;

    /// <summary>The programs of the sandbox that listen.</summary>
    public SimulatedPorts Ports { get; private init; } = new();

    public Task<SandboxConnection> ConnectAsync(int port, CancellationToken cancellation)
    {
        Reach();
        return Task.FromResult(Ports.Connect(port));
    }

    public Task ForgetAsync(int pid, CancellationToken cancellation)
    {
        Reach();
        if (Find(pid).Info.Exit is null)
        {
            throw new Fault(FaultCode.WrongState, $"process {pid} still runs: kill it first").AsException();
        }

        _processes.TryRemove(pid, out _);
        return Task.CompletedTask;
    }

    /// <summary>The sandbox is gone: its processes are killed and every later call fails.</summary>
    public void Close()
    {
        _closed = true;
        _files.Value.Close(Unreachable());
        Ports.Close();
        foreach (SimulatedProcess process in _processes.Values)
        {
            process.Signal(9);
        }
    }

    /// <exception cref="FaultException">No terminal can have that size.</exception>
    internal static void RequireSize(TerminalSize? size)
    {
        if (size is not (null or { Columns: > 0 and <= ushort.MaxValue, Rows: > 0 and <= ushort.MaxValue }))
        {
            throw Fault.Invalid("size", "a terminal has 1 to 65535 columns and rows").AsException();
        }
    }

    private SimulatedProcess Find(int pid) => _processes.TryGetValue(pid, out SimulatedProcess? process)
        ? process
        : throw Fault.NotFound("process", pid.ToString()).AsException();

    private void Reach()
    {
        if (_closed)
        {
            throw Unreachable();
        }
    }

    private static FaultException Unreachable() =>
        new Fault(FaultCode.AgentUnavailable, "the sandbox's agent cannot be reached: it has ended").AsException();
}
