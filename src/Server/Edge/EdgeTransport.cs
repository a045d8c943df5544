using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Atoll.Server.Edge;

/// <summary>Kestrel's transport: binds the main address and hands over what comes in on that and on the sandboxes' addresses.</summary>
internal sealed class EdgeTransport(EdgeSockets sockets) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Everywhere(sockets, await sockets.ListenAsync((IPEndPoint)endpoint, owner: null, cancellationToken));

    private sealed class Everywhere(EdgeSockets sockets, IConnectionListener main) : IConnectionListener
    {
        public EndPoint EndPoint => main.EndPoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => sockets.AcceptAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            sockets.Close();
            return main.UnbindAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => main.DisposeAsync();
    }
}
