using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Atoll.Server.Edge;

/// <summary>
/// Tells TLS from plain text by the first byte of a connection, which it leaves where it is, since the field's clients send
/// both to one address (contracts/scalebox.md 7.1).
/// <code>
///   connection -> first byte 0x16? --yes--> TLS (HTTP/1.1 or 2, by ALPN) --> HTTP
///                                  --no-------------------------------------> HTTP/1.1
/// </code>
/// A client that sends nothing is dropped at <see cref="Patience"/>.
/// </summary>
internal static class FirstByte
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>The record type of a TLS handshake (RFC 8446 5.1); no HTTP method begins with it.</summary>
    private const byte Handshake = 0x16;

    public static void Configure(ListenOptions listen, TlsHandshakeCallbackOptions tls, TimeProvider time)
    {
        ConnectionDelegate? plain = null;
        listen.Use(encrypted => connection => RouteAsync(connection, encrypted, plain!, time));
        listen.UseHttps(tls);
        listen.Use(next => plain = next);
    }

    internal static async Task RouteAsync(ConnectionContext connection, ConnectionDelegate encrypted, ConnectionDelegate plain, TimeProvider time)
    {
        if (await PeekAsync(connection, time) is { } first)
        {
            await (first is Handshake ? encrypted : plain)(connection);
        }
    }

    /// <summary>Null when none came: the client went away or took too long, or the server stops.</summary>
    private static async Task<byte?> PeekAsync(ConnectionContext connection, TimeProvider time)
    {
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var bound = new CancellationTokenSource(Patience, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stopping);
        PipeReader input = connection.Transport.Input;
        try
        {
            ReadResult read = await input.ReadAsync(any.Token);
            byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];

            // Neither consumed nor examined: the next reader gets all of it at once.
            input.AdvanceTo(read.Buffer.Start);
            return first;
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException or ConnectionAbortedException)
        {
            connection.Abort();
            return null;
        }
    }
}
