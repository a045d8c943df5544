using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Atoll.Unit.Sdk;

/// <summary>A real HTTP server on a loopback port that plays the ScaleBox wire contract from a script and keeps every request.</summary>
internal sealed class WireServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _routes = new();
    private readonly ConcurrentQueue<WireRequest> _requests = new();

    private WireServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public IReadOnlyList<WireRequest> Requests => [.. _requests];

    public static async Task<WireServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        WireServer server = new(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Answers <c>"METHOD /path"</c>; a later call for the same replaces the earlier.</summary>
    public WireServer On(string route, Func<HttpContext, Task> answer)
    {
        _routes[route] = answer;
        return this;
    }

    public WireServer OnJson(string route, int status, string json) => On(route, http => JsonAsync(http, status, json));

    public WireServer OnData(string route, int status, string data) =>
        OnJson(route, status, $$"""{"success":true,"data":{{data}},"timestamp":"2026-04-17T12:34:56Z"}""");

    public WireServer OnError(string route, int status, string code, string message) => OnJson(
        route, status,
        $$"""{"success":false,"error":"{{message}}","message":"{{message}}","code":"{{code}}","timestamp":"2026-04-17T12:34:56Z"}""");

    /// <summary>Answers with server-sent events and closes.</summary>
    public WireServer OnEvents(string route, params string[] events) => On(route, async http =>
    {
        foreach (string item in events)
        {
            await EventAsync(http, item);
        }
    });

    public static async Task JsonAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json);
    }

    public static async Task EventAsync(HttpContext http, string item)
    {
        if (!http.Response.HasStarted)
        {
            http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
            http.Response.ContentType = "text/event-stream";
        }
        await http.Response.WriteAsync(item + "\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    /// <summary>Answers an RPC with a stream of messages (contracts/scalebox.md 3.5), the last of which is the end.</summary>
    /// <param name="method">Service and method.</param>
    /// <param name="first">What the second message waits for.</param>
    /// <param name="messages">In JSON.</param>
    public WireServer OnRpc(string method, Task first, params string[] messages) => On($"POST /{method}", async http =>
    {
        http.Response.ContentType = "application/connect+json";
        for (int i = 0; i < messages.Length; i++)
        {
            if (i == 1)
            {
                await first.WaitAsync(http.RequestAborted);
            }
            byte[] json = Encoding.UTF8.GetBytes(messages[i]);
            byte[] header = new byte[5];
            header[0] = i == messages.Length - 1 ? (byte)2 : (byte)0;
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), json.Length);
            await http.Response.Body.WriteAsync(header);
            await http.Response.Body.WriteAsync(json);
            await http.Response.Body.FlushAsync();
        }
    });

    public static string Output(string stream, string text, long? id = null) =>
        $"event: {stream}\n{(id is null ? "" : $"id: {id}\n")}data: {{\"data_b64\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}\"}}";

    public static string Start(int pid = 7) => $"event: start\ndata: {{\"pid\":{pid}}}";

    public static string End(int code) => $"event: end\ndata: {{\"exit_code\":{code}}}";

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource soon = new(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using StreamReader reader = new(http.Request.Body);
        string body = await reader.ReadToEndAsync();
        string target = http.Request.Path + http.Request.QueryString.Value;
        _requests.Enqueue(new WireRequest(
            http.Request.Method, target, body, http.Request.Headers["X-API-Key"].ToString(), http.Request.Headers["Last-Event-ID"].ToString())
        {
            Headers = http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
        });
        string route = $"{http.Request.Method} {http.Request.Path}";
        await (_routes.TryGetValue(route, out Func<HttpContext, Task>? answer)
            ? answer(http)
            : JsonAsync(http, 404, """{"success":false,"error":"no such thing","message":"no such thing","code":"not_found"}"""));
    }
}

/// <summary>What a client sent.</summary>
internal sealed record WireRequest(string Method, string Target, string Body, string ApiKey, string LastEventId)
{
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public JsonNode ToJson() => JsonNode.Parse(Body)!;

    /// <summary>The one message of an RPC that is answered by a stream.</summary>
    public JsonNode ToRpcJson() => JsonNode.Parse(Body[5..])!;
}
