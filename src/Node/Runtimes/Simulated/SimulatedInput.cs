using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>The input of a simulated process: nothing, a pipe that holds 64 KiB, or a terminal, which echoes and knows Ctrl-C.</summary>
internal sealed class SimulatedInput
{
    private const int Capacity = 64 * 1024;
    private const byte ControlC = 3;

    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: Capacity, resumeWriterThreshold: Capacity / 2, useSynchronizationContext: false));
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SimulatedOutput _output;
    private bool _closed;
    private volatile bool _ended;

    /// <param name="closed">Of a copy of a process: nothing more can be written.</param>
    public SimulatedInput(ProcessSpec spec, SimulatedOutput output, bool closed = false)
    {
        (_output, IsTerminal) = (output, spec.Terminal is not null);
        WasOpen = IsTerminal || spec.TakesInput;
        if (!WasOpen || closed)
        {
            _closed = true;
            _pipe.Writer.Complete();
        }
    }

    public bool IsTerminal { get; }

    public bool IsClosed => _closed;

    public bool WasOpen { get; }

    /// <summary>Called when Ctrl-C is typed.</summary>
    public Action Interrupt { get; set; } = () => { };

    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            RequireOpen();
            if (IsTerminal)
            {
                data = await TypeAsync(data.ToArray(), cancellation);
            }

            if ((await _pipe.Writer.WriteAsync(data, cancellation)).IsCompleted)
            {
                throw Fault.NotFound("process", "that runs").AsException();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task CloseAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (!WasOpen || !_closed)
            {
                RequireOpen();
            }

            _closed = true;
            await _pipe.Writer.CompleteAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void RequireRunning()
    {
        if (_ended)
        {
            throw Fault.NotFound("process", "that runs").AsException();
        }
    }

    /// <summary>The process has ended: who still writes is told.</summary>
    public void End()
    {
        _ended = true;
        _pipe.Reader.Complete();
    }

    /// <returns>Null at the end.</returns>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellation)
    {
        ReadResult result = await _pipe.Reader.ReadAsync(cancellation);
        byte[] data = result.Buffer.ToArray();
        _pipe.Reader.AdvanceTo(result.Buffer.End);
        return data.Length == 0 && result.IsCompleted ? null : data;
    }

    /// <returns>A line without its end; null at the end of the input.</returns>
    public async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult result = await _pipe.Reader.ReadAsync(cancellation);
            ReadOnlySequence<byte> all = result.Buffer;
            if (all.PositionOf((byte)'\n') is { } end)
            {
                string line = Encoding.UTF8.GetString(all.Slice(0, end));
                _pipe.Reader.AdvanceTo(all.GetPosition(1, end));
                return line;
            }

            if (result.IsCompleted || all.Length >= Capacity)
            {
                string? rest = all.IsEmpty ? null : Encoding.UTF8.GetString(all);
                _pipe.Reader.AdvanceTo(all.End);
                return rest;
            }

            _pipe.Reader.AdvanceTo(all.Start, all.End);
        }
    }

    /// <summary>As a terminal shows it: a line feed returns the carriage too.</summary>
    public static byte[] Shown(ReadOnlySpan<byte> data) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(data).Replace("\n", "\r\n"));

    // Echoes what is typed, and gives back what of it the process is to read.
    private async Task<byte[]> TypeAsync(byte[] typed, CancellationToken cancellation)
    {
        byte[] echo = [.. typed.SelectMany(value => value == ControlC ? "^C"u8.ToArray() : [value])];
        await _output.WriteAsync(OutputStream.Terminal, Shown(echo), cancellation);
        if (typed.Contains(ControlC))
        {
            Interrupt();
        }

        return [.. typed.Where(value => value != ControlC)];
    }

    private void RequireOpen()
    {
        RequireRunning();
        if (_closed)
        {
            throw new Fault(FaultCode.WrongState, "the process's input is closed").AsException();
        }
    }
}
