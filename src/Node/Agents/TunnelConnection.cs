using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>A connection to a sandbox's loopback address, through its agent.</summary>
internal sealed class TunnelConnection(ByteChannel channel) : DuplexConnection
{
    /// <summary>Bytes in flight to the host; there may be hundreds of tunnels whose readers are slow.</summary>
    public const int Window = 256 * 1024;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await channel.ReadAsync(buffer, cancellationToken);
        }
        catch (AgentErrorException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await channel.WriteAsync(buffer, cancellationToken);
        }
        catch (AgentErrorException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override ValueTask CompleteWritesAsync(CancellationToken cancellation) => channel.CompleteAsync(cancellation);

    public override async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            channel.Close();
        }

        base.Dispose(disposing);
    }
}
