using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Control.Tenancy;
using Atoll.Domain.Code;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Atoll.Node;
using Atoll.Server;
using Atoll.Unit.Code;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>The whole server on a loopback port, on simulated sandboxes: nothing of it is a double but the machine.</summary>
public sealed class SimulatedServer : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-server-").FullName;
    private WebApplication? _app;

    internal Uri Address => Plain(_app!.Urls.First());

    internal string DataDirectory => _data;

    /// <summary>What the next start changes of the options.</summary>
    internal Func<ServeOptions, ServeOptions> Shape { get; set; } = options => options;

    internal string Key { get; private set; } = "";

    internal HttpClient Client { get; private set; } = new();

    /// <summary>Simulated sandboxes have no interpreter: this answers for it.</summary>
    internal CodeDouble Code { get; } = new();

    /// <summary>Straight to the node, to arrange and to look at what a sandbox holds.</summary>
    internal INode Node => _app!.Services.GetRequiredService<INode>();

    internal IServiceProvider Services => _app!.Services;

    public Task InitializeAsync() => StartAsync();

    /// <summary>The address as plain HTTP; Kestrel says that it is https, and it is both.</summary>
    internal static Uri Plain(string url) => new UriBuilder(url) { Scheme = "http" }.Uri;

    internal async Task StartAsync()
    {
        ServeOptions options = Shape(new ServeOptions
        {
            Node = new NodeOptions { DataDirectory = _data, TemplatesDirectory = Path.Combine(_data, "templates"), Runtime = "simulated" },
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            MinTimeout = TimeSpan.FromSeconds(1),
        });
        _app = ServerHost.Build(options, services =>
        {
            Composition.AddPorts(services, options);
            services.AddSingleton<ICodeInterpreter>(Code);
            services.AddSingleton<IBuiltInTemplates>(new TemplatesDouble());
        });
        await _app.StartAsync();
        ServerHost.Announce(_app, options);
        Key = await _app.Services.GetRequiredService<TenancyAdmin>().MakeFirstKeyAsync() ?? Key;
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>Ends the server; its data stays for the next start.</summary>
    internal async Task StopAsync()
    {
        Client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }
    }

    /// <summary>A running sandbox.</summary>
    internal async Task<RunningBox> CreateAsync(object? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sandboxes") { Content = JsonContent.Create(body ?? new { }) };
        request.Headers.Add("X-API-Key", Key);
        Reply reply = await Reply.OfAsync(await Client.SendAsync(request));
        Assert.True(reply.Status == 201, reply.Text);
        JsonElement data = reply.Data;
        string id = data.GetProperty("sandbox_id").GetString()!;
        return new RunningBox(SandboxId.Parse(id["sbx-".Length..]), id, data.GetProperty("envd_access_token").GetString()!);
    }

    /// <summary>Sends a request to the control plane with the first user's key, or another.</summary>
    internal Task<Reply> ControlAsync(HttpMethod method, string path, object? body = null, string? key = null) =>
        AsAsync(key ?? Key, method, path, body);

    /// <summary>A key of a user of that name, who is made.</summary>
    internal async Task<string> KeyOfAsync(string username, Role role = Role.Member) => (await UserAsync(username, role)).Key;

    /// <summary>A user of that name, who is made, and a key of it.</summary>
    internal async Task<(User User, string Key)> UserAsync(string username, Role role = Role.Member)
    {
        var tenancy = Services.GetRequiredService<TenancyAdmin>();
        User user = await tenancy.EnsureUserAsync(username, role);
        return (user, (await tenancy.CreateKeyAsync(username, "test")).Secret);
    }

    /// <summary>Sends a request to the control plane with somebody's key.</summary>
    internal async Task<Reply> AsAsync(string key, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-API-Key", key);
        return await Reply.OfAsync(await Client.SendAsync(request));
    }

    /// <summary>The record of a sandbox once it has a status.</summary>
    internal async Task<JsonElement> UntilAsync(RunningBox box, string status)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            JsonElement seen = (await ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data;
            if (seen.GetProperty("status").GetString() == status)
            {
                return seen;
            }

            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), $"{box.Name} is not {status}: {seen}");
            await Task.Delay(5);
        }
    }

    /// <summary>Sends a request for a sandbox to the server's own address, with the sandbox's header and token.</summary>
    internal async Task<Reply> SendAsync(RunningBox box, HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("X-Sandbox-ID", box.Name);
        request.Headers.Add("X-Access-Token", box.Token);
        return await Reply.OfAsync(await Client.SendAsync(request));
    }
}

/// <param name="Name">Its id as ScaleBox spells it.</param>
/// <param name="Token">Its access token.</param>
internal sealed record RunningBox(SandboxId Id, string Name, string Token);
