using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Atoll.Api.Edge;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Atoll.Server.Edge;

/// <summary>
/// The addresses on which the server listens, and one queue of the connections that came in on any of them.
/// <code>
///   main address ---accept--+
///   port of sandbox A ------+--> queue --> Kestrel: limits, TLS or plain text, HTTP
///   port of sandbox B ------+
/// </code>
/// </summary>
internal sealed class EdgeSockets : IAsyncDisposable
{
    private const int QueueLength = 128;

    // Only what passes makes an accept fail, such as too many open files.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(QueueLength);
    private readonly SocketTransportFactory _main;
    private readonly SocketTransportFactory _sandboxes;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();

    public EdgeSockets(IOptionsFactory<SocketTransportOptions> options, TimeProvider time, ILoggerFactory logs)
    {
        _time = time;
        _main = new SocketTransportFactory(Options.Create(options.Create(Options.DefaultName)), logs);

        // There may be thousands, each with little to do.
        SocketTransportOptions small = options.Create(Options.DefaultName);
        small.IOQueueCount = 1;
        _sandboxes = new SocketTransportFactory(Options.Create(small), logs);
    }

    /// <summary>Listens on one more address until what is returned is disposed of.</summary>
    /// <param name="owner">The sandbox whose address it is; null for the server's own.</param>
    /// <exception cref="AddressInUseException">Another program, or another part of this one, listens there.</exception>
    public async ValueTask<IConnectionListener> ListenAsync(IPEndPoint endpoint, SandboxId? owner, CancellationToken cancellation)
    {
        var listener = new ListeningAddress(await (owner is null ? _main : _sandboxes).BindAsync(endpoint, cancellation));
        _ = AcceptAllAsync(listener, owner is { } id ? new LocalAddress(id) : null);
        return listener;
    }

    /// <returns>The next connection; null when there will be none.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellation) =>
        await _accepted.Reader.WaitToReadAsync(cancellation) && _accepted.Reader.TryRead(out ConnectionContext? connection)
            ? connection
            : null;

    /// <summary>Hands over no more connections, of any address.</summary>
    public void Close()
    {
        _closed.Cancel();
        _accepted.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        while (_accepted.Reader.TryRead(out ConnectionContext? connection))
        {
            await connection.DisposeAsync();
        }
    }

    private async Task AcceptAllAsync(IConnectionListener listener, LocalAddress? local)
    {
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                if (await listener.AcceptAsync(_closed.Token) is not { } connection)
                {
                    return;
                }

                connection.Features.Set(local);
                await HandOverAsync(connection);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterFailure, _time);
            }
        }
    }

    private async Task HandOverAsync(ConnectionContext connection)
    {
        try
        {
            await _accepted.Writer.WriteAsync(connection);
        }
        catch (ChannelClosedException)
        {
            await connection.DisposeAsync();
        }
    }
}
