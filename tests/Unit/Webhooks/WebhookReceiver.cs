using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Atoll.Unit.Webhooks;

/// <summary>Somebody who listens on loopback for what webhooks deliver.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    private readonly WebApplication _app;
    private int _connections;

    private WebhookReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    /// <summary>What it answers.</summary>
    public Func<Received, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public string Url => _app.Urls.Single() + "/hook";

    public int Port => new Uri(Url).Port;

    public int Requests => Volatile.Read(ref _connections);

    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public Task<Received> NextAsync() => _received.Reader.ReadAsync().AsTask().WaitAsync(Bound);

    /// <summary>The next one of a type.</summary>
    public async Task<Received> NextAsync(string type)
    {
        while (true)
        {
            Received next = await NextAsync();
            if (next.Json.GetProperty("type").GetString() == type)
            {
                return next;
            }
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        Interlocked.Increment(ref _connections);
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var received = new Received(
            http.Request.Method, http.Request.Path, http.Request.Headers.ToDictionary(pair => pair.Key.ToLowerInvariant(), pair => pair.Value.ToString()), body.ToArray());
        _received.Writer.TryWrite(received);
        await Answer(received, http);
    }

    internal sealed record Received(string Method, string Path, Dictionary<string, string> Headers, byte[] Body)
    {
        public string Id => Headers["webhook-id"];

        public JsonElement Json => JsonDocument.Parse(Body).RootElement;

        /// <summary>How many of its signatures a secret makes, checked as a receiver would.</summary>
        public int SignaturesOf(string secret)
        {
            byte[] key = Convert.FromBase64String(secret["whsec_".Length..]);
            byte[] content = [.. Encoding.UTF8.GetBytes($"{Id}.{Headers["webhook-timestamp"]}."), .. Body];
            string right = $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, content))}";
            return Headers["webhook-signature"].Split(' ').Count(signature => signature == right);
        }
    }
}
