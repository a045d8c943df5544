using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Atoll.Api;
using Atoll.Domain.Code;
using Atoll.Domain.Events;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Metrics;
using Atoll.Domain.Nodes;
using Atoll.Domain.Notifications;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;
using Atoll.Domain.Webhooks;
using Atoll.Node;
using Atoll.Server;
using Atoll.Unit.Code;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>The server's real pipeline on a loopback port, over doubles of the ports.</summary>
public sealed class ApiHost : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-api-").FullName;
    private WebApplication? _app;
    private HttpClient? _client;

    internal PortDoubles Ports { get; } = new();

    internal EventsDouble Events { get; } = new();

    internal RecordedLog Log { get; } = new();

    internal HttpClient Client => _client!;

    /// <summary>A key of user ann.</summary>
    internal const string Key = "sk-ann";

    /// <summary>A key of user bob.</summary>
    internal const string OtherKey = "sk-bob";

    public async Task InitializeAsync()
    {
        var options = new ServeOptions
        {
            Node = new NodeOptions { DataDirectory = _data },
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            MinTimeout = TimeSpan.FromSeconds(1),
        };
        _app = ServerHost.Build(options, services =>
        {
            services.AddSingleton<ISandboxes>(Ports.Sandboxes);
            services.AddSingleton<ISandboxMounts>(Ports.Sandboxes);
            services.AddSingleton<ISnapshots>(Ports.Snapshots);
            services.AddSingleton<IExecutions>(Ports.Executions);
            services.AddSingleton<IApiKeys>(Ports.Keys);
            services.AddSingleton<IAccessTokens>(Ports.Tokens);
            services.AddSingleton<ISandboxOwners>(Ports.Sandboxes);
            services.AddSingleton<ITenants>(new TenantsDouble());
            services.AddSingleton(UnusedPort.Of<IProjects>());
            services.AddSingleton(UnusedPort.Of<IQuotas>());
            services.AddSingleton(UnusedPort.Of<IUsage>());
            services.AddSingleton(UnusedPort.Of<IUsers>());
            services.AddSingleton<IAuditLog>(new AuditDouble());
            services.AddSingleton<ISandboxAgents>(Ports.Sandboxes);
            services.AddSingleton<ICodeInterpreter>(new CodeDouble());
            services.AddSingleton<ITemplates>(new TemplatesDouble());
            services.AddSingleton<IRequestMemory>(new RequestMemoryDouble());
            services.AddSingleton(UnusedPort.Of<ITemplateCatalogue>());
            services.AddSingleton(UnusedPort.Of<ITemplateCaptures>());
            services.AddSingleton<INode>(new NodeDouble());
            services.AddSingleton<ISandboxMetrics>(new MetricsDouble());
            services.AddSingleton<IEvents>(Events);
            services.AddSingleton(UnusedPort.Of<INotifications>());
            services.AddSingleton(UnusedPort.Of<IWebhooks>());
            services.AddSingleton(new ApiOptions { PublicHost = "127.0.0.1:7070", MinTimeout = TimeSpan.FromSeconds(60), KeepAlive = TimeSpan.FromMilliseconds(100) });
            services.AddLogging(logging => logging.ClearProviders().AddProvider(Log));
        });
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = SimulatedServer.Plain(_app.Urls.Single()), Timeout = TimeSpan.FromSeconds(20) };
    }

    public async Task DisposeAsync()
    {
        _client?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }

    /// <summary>Ends it as SIGTERM does.</summary>
    internal Task StopAsync() => _app!.StopAsync();

    internal async Task<Reply> SendAsync(HttpMethod method, string path, object? body = null, string? key = Key)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        request.Content = body switch
        {
            null => null,
            HttpContent content => content,
            string text => new StringContent(text, Encoding.UTF8, "application/json"),
            _ => JsonContent.Create(body),
        };
        return await Reply.OfAsync(await Client.SendAsync(request));
    }

    internal Task<Reply> GetAsync(string path, string? key = Key) => SendAsync(HttpMethod.Get, path, key: key);

    internal Task<Reply> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Creates a sandbox of ann's that runs, and answers its id as the API spells it.</summary>
    internal async Task<string> CreateAsync(object? body = null)
    {
        Reply reply = await PostAsync("/v1/sandboxes", body ?? new { });
        Assert.Equal(201, reply.Status);
        return reply.Data.GetProperty("sandbox_id").GetString()!;
    }
}

/// <summary>A reply, read whole.</summary>
internal sealed record Reply(int Status, string Text, HttpResponseMessage Message)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public JsonElement Data => Json.GetProperty("data");

    public string Error => Json.GetProperty("error").GetString()!;

    public static async Task<Reply> OfAsync(HttpResponseMessage message) =>
        new((int)message.StatusCode, await message.Content.ReadAsStringAsync(), message);

    /// <summary>Asserts the error body that all of the field's clients can read.</summary>
    public void IsError(int status, string code, string? field = null)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.False(Json.GetProperty("success").GetBoolean());
        Assert.Equal(code, Json.GetProperty("code").GetString());
        Assert.NotEqual("", Error);
        Assert.Equal(Error, Json.GetProperty("message").GetString());
        Assert.EndsWith("Z", Json.GetProperty("timestamp").GetString());
        Assert.Equal(field, Json.TryGetProperty("field", out JsonElement named) ? named.GetString() : null);
        Assert.Equal(Json.GetProperty("request_id").GetString(), Assert.Single(Message.Headers.GetValues("X-Request-Id")));
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel level, EventId id, TState state, Exception? e, Func<TState, Exception?, string> format)
    {
        lock (_lines)
        {
            _lines.Add($"{level} {format(state, e)} {e}");
        }
    }

    public void Dispose()
    {
    }
}
