using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Atoll.Api.Edge.RawTcp;
using Atoll.Server.Tls;

namespace Atoll.Server.Edge;

/// <summary>
/// Takes TLS connections whose content is a program's in a sandbox, and gives what is in them to the edge.
/// <code>
///   accept -> ClientHello: whom does it name? --nobody--> alert, closed
///                                             --program-> handshake --> edge --> program
/// </code>
/// What connections are for is never logged.
/// </summary>
internal sealed partial class RawTcpListener(
    IPEndPoint endpoint, bool isRequired, RawTcpEdge edge, ServerCertificates certificates, TimeProvider time, ILogger<RawTcpListener> log)
    : BackgroundService
{
    /// <summary>Connections at a time, of all sandboxes and of those that have not said yet whom they want.</summary>
    public const int MaxConnections = 4096;

    /// <summary>How long a client may take until TLS is set up.</summary>
    public static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may go on sending to a program that has ended the connection.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    // Only what passes makes an accept fail, such as too many open files.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    /// <summary>A fatal alert: unrecognized_name (RFC 8446 6, RFC 6066 3). Not encrypted: there are no keys yet.</summary>
    private static readonly byte[] UnrecognizedName = [21, 3, 3, 0, 2, 2, 112];

    private Socket? _socket;
    private int _open;
    private long _served;
    private long _refused;

    /// <summary>Where it listens; null when it does not.</summary>
    public IPEndPoint? Bound => _socket?.LocalEndPoint as IPEndPoint;

    /// <summary>Connections that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <exception cref="IOException">It must listen and cannot.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(512);
            _socket = socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            if (isRequired)
            {
                throw new IOException($"--tcp-port: {endpoint} cannot be listened on: {e.Message}; give another port, or 0 to do without", e);
            }

            LogWithout(log, endpoint, e.Message);
            return Task.CompletedTask;
        }

        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _socket?.Dispose();
        await base.StopAsync(cancellationToken);
        if (_served + _refused > 0)
        {
            LogCounts(log, _served, _refused);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Socket client = await _socket!.AcceptAsync(stoppingToken);
                _ = ServeAsync(client, stoppingToken);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterFailure, time, CancellationToken.None);
            }
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stopping)
    {
        using (socket)
        {
            try
            {
                if (Interlocked.Increment(ref _open) <= MaxConnections)
                {
                    Prepare(socket);
                    await SpeakAsync(socket, stopping);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went away, took too long or speaks no TLS; there is nobody to tell.
                LogEnded(log, e.Message);
            }
            catch (Exception e)
            {
                // Nobody waits for this task.
                LogFailed(log, e);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }
    }

    private async Task SpeakAsync(Socket socket, CancellationToken stopping)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        if (await ShakeHandsAsync(tls, stopping) is not { } target)
        {
            Interlocked.Increment(ref _refused);
            await stream.WriteAsync(UnrecognizedName, stopping);
            await EndAsync(socket, stopping);
            return;
        }

        Interlocked.Increment(ref _served);
        if (await edge.ServeAsync(target, tls, stopping))
        {
            // Otherwise the client is told by the missing farewell that this is not all.
            await tls.ShutdownAsync().WaitAsync(Linger, time, stopping);
            await EndAsync(socket, stopping);
        }
    }

    /// <returns>Whom the client wants; null when there is nobody of that name.</returns>
    private async Task<RawTcpTarget?> ShakeHandsAsync(SslStream tls, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(HandshakeTime, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        RawTcpTarget? target = null;
        bool isRefused = false;
        try
        {
            await tls.AuthenticateAsServerAsync(
                async (_, hello, _, cancellation) =>
                {
                    target = await edge.FindAsync(hello.ServerName, cancellation);
                    isRefused = target is null;
                    return isRefused
                        ? throw new AuthenticationException("it names no program")
                        : new SslServerAuthenticationOptions { ServerCertificateContext = certificates.For(hello.ServerName) };
                },
                state: null, limit.Token);
            return target;
        }
        catch (AuthenticationException) when (isRefused)
        {
            return null;
        }
    }

    // What the client still sends is dropped for a while: were it unread, closing would take back what was just sent.
    private async Task EndAsync(Socket socket, CancellationToken stopping)
    {
        socket.Shutdown(SocketShutdown.Send);
        using var late = new CancellationTokenSource(Linger, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        byte[] dropped = new byte[4 * 1024];
        while (await socket.ReceiveAsync(dropped, limit.Token) > 0)
        {
        }
    }

    private static void Prepare(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "no raw TCP to sandboxes: {Endpoint} cannot be listened on ({Reason}); give `--tcp-port` a free port, or 0")]
    private static partial void LogWithout(ILogger log, IPEndPoint endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "raw TCP: {Served} connections led to sandboxes, {Refused} named none")]
    private static partial void LogCounts(ILogger log, long served, long refused);

    [LoggerMessage(Level = LogLevel.Error, Message = "a raw TCP connection failed")]
    private static partial void LogFailed(ILogger log, Exception cause);

    [LoggerMessage(Level = LogLevel.Debug, Message = "a raw TCP connection ended: {Reason}")]
    private static partial void LogEnded(ILogger log, string reason);
}
