using System.Net.Sockets;

namespace Atoll.Node.Agents;

/// <summary>A TCP connection to a sandbox's own address.</summary>
/// <param name="closed">Called once it is disposed of.</param>
internal sealed class DirectConnection(Socket socket, Action<DirectConnection> closed) : DuplexConnection
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.WriteAsync(buffer, cancellationToken);

    public override ValueTask CompleteWritesAsync(CancellationToken cancellation)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("the program in the sandbox closed the connection", e);
        }

        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
            closed(this);
        }

        base.Dispose(disposing);
    }
}
