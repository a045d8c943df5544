using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Atoll.Server.Edge;

/// <summary>
/// An address that is listened on. The memory that its connections read into and write from is the listener's: when the
/// address is given up, that lives until the last of them has ended.
/// </summary>
internal sealed class ListeningAddress(IConnectionListener listener) : IConnectionListener
{
    // The address itself, and each connection that came in on it.
    private int _holders = 1;

    public EndPoint EndPoint => listener.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        ConnectionContext? connection = await listener.AcceptAsync(cancellationToken);
        if (connection is not null)
        {
            Interlocked.Increment(ref _holders);
            connection.ConnectionClosed.Register(() => _ = ReleaseAsync().AsTask());
        }

        return connection;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    /// <summary>Takes no more connections. Those that there are go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await listener.UnbindAsync();
        await ReleaseAsync();
    }

    private ValueTask ReleaseAsync() => Interlocked.Decrement(ref _holders) == 0 ? listener.DisposeAsync() : ValueTask.CompletedTask;
}
