using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Atoll.Domain.Processes;
using Atoll.Node.Runtimes.Simulated;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Atoll.Unit.Edge;

/// <summary>A web server that runs in a simulated sandbox, as far as the proxy can tell.</summary>
internal sealed class TestProgram : IAsyncDisposable
{
    public const int Port = 3000;
    private readonly WebApplication _app;

    private TestProgram(WebApplication app) => _app = app;

    /// <summary>The targets asked for, as they came.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>Lets <c>/events</c> go on, and says that <c>/forever</c> was given up.</summary>
    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource GivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<TestProgram> StartAsync(SimulatedServer server, RunningBox box, int port = Port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var program = new TestProgram(builder.Build());
        program.Map();
        await program._app.StartAsync();
        int listening = new Uri(program._app.Urls.First()).Port;
        Listen(server, box, port, connection => SpliceAsync(connection, listening));
        return program;
    }

    /// <summary>Lets a method serve each connection to a port of a simulated sandbox.</summary>
    public static void Listen(SimulatedServer server, RunningBox box, int port, Func<Stream, Task> serve) =>
        ((SimulatedAgent)server.Node.Agent(box.Id)).Ports.Listen(port, serve);

    /// <summary>A program that answers every connection's first request with the same bytes, and closes.</summary>
    public static void ListenRaw(SimulatedServer server, RunningBox box, int port, string answer) => Listen(server, box, port, async connection =>
    {
        await using (connection)
        {
            byte[] head = new byte[64 * 1024];
            int got = 0;
            while (!Encoding.ASCII.GetString(head, 0, got).Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                int count = await connection.ReadAsync(head.AsMemory(got));
                if (count == 0)
                {
                    return;
                }

                got += count;
            }

            await connection.WriteAsync(Encoding.Latin1.GetBytes(answer));
        }
    });

    public async ValueTask DisposeAsync()
    {
        Go.TrySetResult();
        await _app.DisposeAsync();
    }

    private void Map()
    {
        _app.UseWebSockets();
        _app.Use((http, next) =>
        {
            Seen.Enqueue(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
            return next(http);
        });
        _app.Map("/events", EventsAsync);
        _app.Map("/forever", async (HttpContext http) =>
        {
            http.RequestAborted.Register(() => GivenUp.TrySetResult());
            await http.Response.StartAsync();
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        _app.Map("/count", async (HttpContext http) =>
        {
            long count = 0;
            byte[] block = new byte[64 * 1024];
            while (await http.Request.Body.ReadAsync(block) is var read and > 0)
            {
                count += read;
            }

            await http.Response.WriteAsync($"{count}");
        });
        _app.Map("/zeroes/{count:long}", async (HttpContext http, long count) =>
        {
            byte[] block = new byte[64 * 1024];
            for (; count > 0; count -= block.Length)
            {
                await http.Response.Body.WriteAsync(block.AsMemory(0, (int)Math.Min(count, block.Length)));
            }
        });
        _app.Map("/socket", EchoAsync);
        _app.Map("/{**any}", async (HttpContext http) =>
        {
            using var body = new StreamReader(http.Request.Body);
            string text = await body.ReadToEndAsync();
            IEnumerable<string> headers = http.Request.Headers.SelectMany(header => header.Value.Select(value => $"{header.Key}: {value}"));
            await http.Response.WriteAsync($"{http.Request.Method}\n{string.Join('\n', headers)}\n\n{text}");
        });
    }

    private async Task EventsAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync("data: 1\n\n");
        await http.Response.Body.FlushAsync();
        await Go.Task;
        await http.Response.WriteAsync("data: 2\n\n");
    }

    private static async Task EchoAsync(HttpContext http)
    {
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync("chat");
        byte[] buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer, http.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, http.RequestAborted);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", http.RequestAborted);
    }

    private static async Task SpliceAsync(Stream connection, int port)
    {
        using var program = new TcpClient { NoDelay = true };
        await program.ConnectAsync(IPAddress.Loopback, port);
        await using NetworkStream socket = program.GetStream();
        await using (connection)
        {
            Task up = CopyAsync(connection, socket, () => program.Client.Shutdown(SocketShutdown.Send));
            Task down = CopyAsync(socket, connection, () => { });
            await Task.WhenAny(down, Task.WhenAll(up, down));
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, Action ended)
    {
        try
        {
            await from.CopyToAsync(to);
            ended();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or SocketException)
        {
            // The other direction has closed both.
        }
    }
}
