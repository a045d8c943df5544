using System.Collections.Concurrent;
using System.IO.Pipelines;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Node.Agents;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>The listening programs of a simulated sandbox: each is a method that serves one connection.</summary>
internal sealed class SimulatedPorts
{
    private readonly ConcurrentDictionary<int, Func<Stream, Task>> _listeners = new();
    private readonly ConcurrentDictionary<PipedConnection, bool> _open = new();

    /// <summary>Lets a program listen on a port, until the result is disposed of.</summary>
    /// <param name="serve">Gets the program's end of each connection, which it disposes of.</param>
    public IDisposable Listen(int port, Func<Stream, Task> serve)
    {
        if (!_listeners.TryAdd(port, serve))
        {
            throw new InvalidOperationException($"something listens on port {port} already");
        }

        return new Listening(this, port);
    }

    /// <inheritdoc cref="Domain.Processes.IAgent.ConnectAsync"/>
    public SandboxConnection Connect(int port)
    {
        if (!_listeners.TryGetValue(port, out Func<Stream, Task>? serve))
        {
            throw new Fault(FaultCode.NothingListens, $"nothing listens on port {port} of the sandbox").AsException();
        }

        (Pipe toProgram, Pipe fromProgram) = (new Pipe(), new Pipe());
        var program = new PipedConnection(toProgram.Reader, fromProgram.Writer, each => _open.TryRemove(each, out _));
        _open[program] = true;
        _ = Task.Run(() => serve(program));
        return new PipedConnection(fromProgram.Reader, toProgram.Writer, _ => { });
    }

    /// <summary>The same programs, and no connection.</summary>
    public SimulatedPorts Copy()
    {
        var copy = new SimulatedPorts();
        foreach ((int port, Func<Stream, Task> serve) in _listeners)
        {
            copy._listeners[port] = serve;
        }

        return copy;
    }

    /// <summary>Cuts every connection: the sandbox is gone, or an image was taken of it.</summary>
    public void Close()
    {
        foreach (PipedConnection program in _open.Keys)
        {
            program.Cut();
        }
    }

    private sealed class Listening(SimulatedPorts ports, int port) : IDisposable
    {
        public void Dispose() => ports._listeners.TryRemove(port, out _);
    }
}

/// <summary>One end of a connection within this process, with the back-pressure of a pipe each way.</summary>
/// <param name="closed">Called once it is disposed of.</param>
internal sealed class PipedConnection(PipeReader reader, PipeWriter writer, Action<PipedConnection> closed) : DuplexConnection
{
    private readonly Stream _reading = reader.AsStream();
    private readonly Stream _writing = writer.AsStream();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _reading.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        FlushResult result = await writer.WriteAsync(buffer, cancellationToken);
        if (result.IsCompleted)
        {
            throw new IOException("the other side has closed the connection");
        }
    }

    public override ValueTask CompleteWritesAsync(CancellationToken cancellation) => writer.CompleteAsync();

    /// <summary>Ends the connection without the end that a program would give it.</summary>
    public void Cut()
    {
        writer.Complete(new IOException("the sandbox has ended"));
        reader.CancelPendingRead();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _writing.Dispose();
            _reading.Dispose();
            closed(this);
        }

        base.Dispose(disposing);
    }
}
