using Atoll.Api.OpenApi;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// The ScaleBox API (contracts/scalebox.md): every route of it, one line each, and how far it is supported.
/// Routes under "not built" answer 501, so that a client is told rather than guessing.
/// </summary>
internal static class ScaleBoxDialect
{
    private const string Box = "/v1/sandboxes/{" + ScaleBoxMapping.IdParameter + "}";
    private const string Key = "/v1/api-keys/{" + ScaleBoxKeys.IdParameter + "}";
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public static void AddScaleBox(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxMapping>()
        .AddSingleton<ScaleBoxReply>()
        .AddSingleton<ScaleBoxFaults>()
        .AddSingleton<ScaleBoxSandboxes>()
        .AddSingleton<ScaleBoxPorts>()
        .AddSingleton<ScaleBoxMetrics>()
        .AddSingleton<ScaleBoxExec>()
        .AddSingleton<ScaleBoxExecStream>()
        .AddSingleton<ScaleBoxFiles>()
        .AddSingleton<ScaleBoxKeys>()
        .AddSingleton<ScaleBoxUsers>();

    public static void MapScaleBox(this IEndpointRouteBuilder app)
    {
        MapGeneral(app, app.ServiceProvider.GetRequiredService<ScaleBoxUsers>());
        MapSandboxes(app, app.ServiceProvider.GetRequiredService<ScaleBoxSandboxes>());
        MapPorts(app, app.ServiceProvider.GetRequiredService<ScaleBoxPorts>());
        MapMetrics(app, app.ServiceProvider.GetRequiredService<ScaleBoxMetrics>());
        MapExec(app);
        MapFiles(app, app.ServiceProvider.GetRequiredService<ScaleBoxFiles>());
        MapKeys(app, app.ServiceProvider.GetRequiredService<ScaleBoxKeys>());
        MapNotBuilt(app);
    }

    private static void MapGeneral(IEndpointRouteBuilder app, ScaleBoxUsers users)
    {
        app.MapMethods("/health", Read, users.HealthAsync).Public().Says<WireHealth>(200, "The server is up.");
        app.MapMethods("/v1/scalebox-regions", Read, users.RegionsAsync).Public().Says<WireEnvelope<WireRegions>>(200, "Regions with capacity.");
        app.MapMethods("/v1/users/me", Read, users.MeAsync).Says<WireEnvelope<WireUser>>(200, "The owner of the API key.");
    }

    private static void MapSandboxes(IEndpointRouteBuilder app, ScaleBoxSandboxes boxes)
    {
        app.MapPost("/v1/sandboxes", boxes.CreateAsync).Takes<WireCreateSandbox>(optional: true)
            .Says<WireEnvelope<WireSandbox>>(201, "Create a sandbox; waits until it runs unless is_async.").Fails(400, 409, 413, 500, 501, 503);
        app.MapMethods("/v1/sandboxes", Read, boxes.ListAsync).With(ScaleBoxParameters.List)
            .Says<WireEnvelope<WireSandboxes>>(200, "List your sandboxes.").Fails(400, 403);
        app.MapMethods(Box, Read, boxes.GetAsync).Says<WireEnvelope<WireSandbox>>(200, "One sandbox.").Fails(404);
        app.MapMethods(Box + "/status", Read, boxes.StatusAsync).Says<WireEnvelope<WireSandboxStatus>>(200, "Its status only.").Fails(404);
        app.MapPost(Box + "/connect", boxes.ConnectAsync).Takes<WireConnect>(optional: true)
            .Says<WireEnvelope<WireSandbox>>(200, "Use it again while it runs; a longer timeout is taken over.").Fails(400, 404, 409, 413);
        app.MapPut(Box, boxes.UpdateAsync).Takes<WireSetTimeout>()
            .Says<WireEnvelope<WireSandbox>>(200, "Prolong it: the timeout must be longer than the present one.").Fails(400, 404, 409, 413);
        app.MapMethods(Box + "/timeout", [HttpMethods.Post, HttpMethods.Put], boxes.TimeoutAsync).Takes<WireSetTimeout>()
            .Says<WireEnvelope<WireTimeout>>(200, "Set its timeout; at least the time used.").Fails(400, 404, 409, 413);
        app.MapDelete(Box, boxes.DeleteAsync).Says<WireEnvelope<WireEnding>>(202, "End it and remove its record.").Fails(404);
        app.MapPost(Box + "/terminate", boxes.TerminateAsync).Says<WireEnvelope<WireEnding>>(200, "It is over already.")
            .Says<WireEnvelope<WireEnding>>(202, "End it and keep its record.").Fails(404);
    }

    private static void MapPorts(IEndpointRouteBuilder app, ScaleBoxPorts ports)
    {
        app.MapMethods(Box + "/ports", Read, ports.ListAsync).Says<WireEnvelope<WirePorts>>(200, "Its ports that have names.").Fails(404);
        app.MapPost(Box + "/ports", ports.AddAsync).Takes<WireNewPort>()
            .Says<WireEnvelope<WireAddedPort>>(200, "Name a port; the reply is the sandbox with the port's fields beside its own.").Fails(400, 404, 409, 413);
        app.MapDelete(Box + "/ports/{" + ScaleBoxPorts.PortParameter + "}", ports.RemoveAsync)
            .Says<WireEnvelope<WireSandbox>>(200, "Take the name off a port again; not off those of the template.").Fails(400, 403, 404, 409);
    }

    private static void MapMetrics(IEndpointRouteBuilder app, ScaleBoxMetrics metrics) => app
        .MapMethods(Box + "/metrics", Read, metrics.GetAsync).With(ScaleBoxParameters.Metrics)
        .Says<WireEnvelope<WireMetrics>>(200, "What it uses at present, in bytes; no history is kept.").Fails(400, 404);

    private static void MapExec(IEndpointRouteBuilder app)
    {
        var exec = app.ServiceProvider.GetRequiredService<ScaleBoxExec>();
        var stream = app.ServiceProvider.GetRequiredService<ScaleBoxExecStream>();
        app.MapPost(Box + "/exec", exec.StartAsync).Takes<WireExec>()
            .Says<WireExecStarted>(201, "Start its one foreground command, of at most 512 KiB. No envelope.").Fails(400, 404, 409, 413, 503);
        app.MapGet(Box + "/exec/stream", stream.StreamAsync).TakesToken().With(ScaleBoxParameters.Stream)
            .Says<string>(200, "Follow the output: events ready, start, stdout, stderr, dropped, keepalive, end, error.", "text/event-stream").Fails(404, 409, 503);
        app.MapMethods(Box + "/exec/active", Read, exec.ActiveAsync).Says<WireExecActive>(200, "Whether a command runs. No envelope.").Fails(404, 409, 503);
        app.MapDelete(Box + "/exec", exec.CancelAsync)
            .Says<WireExecCancelled>(200, "Kill the command and what it started, also in sessions of its own; false when none ran. No envelope.").Fails(404, 409, 503);
    }

    private static void MapFiles(IEndpointRouteBuilder app, ScaleBoxFiles files)
    {
        app.MapPost(Box + "/files/list", files.ListAsync).Takes<WireListFiles>()
            .Says<WireEnvelope<WireFileList>>(200, "List a directory, parents before children.").Fails(400, 404, 409, 413, 503);
        app.MapPost(Box + "/files/stat", files.StatAsync).Takes<WireStatFile>()
            .Says<WireEnvelope<WireFileStat>>(200, "One file or directory; a link as itself.").Fails(400, 404, 409, 413, 503);
        app.MapMethods(Box + "/files/download/{**path}", Read, files.DownloadAsync).With(ScaleBoxParameters.Download)
            .Says<string>(200, "The bytes of a file.", "application/octet-stream")
            .Says<string>(206, "The part of it that Range asks for.", "application/octet-stream").Fails(400, 404, 409, 503);
        app.MapPost(Box + "/files/upload", files.UploadAsync).With(ScaleBoxParameters.Upload)
            .Says<WireEnvelope<WireUploaded>>(200, "Write one file, sent as multipart/form-data with the fields path, user and file.")
            .Fails(400, 404, 409, 503, 507);
        app.MapGet(Box + "/files/upload-progress", files.ProgressAsync).TakesToken().With(ScaleBoxParameters.Progress)
            .Says<string>(200, "Follow a named upload: events with its progress in percent, or error.", "text/event-stream").Fails(400, 404);
    }

    private static void MapKeys(IEndpointRouteBuilder app, ScaleBoxKeys keys)
    {
        app.MapPost("/v1/api-keys", keys.CreateAsync).Takes<WireCreateApiKey>()
            .Says<WireEnvelope<WireApiKey>>(201, "Make a key; only this reply holds the secret.").Fails(400, 409, 413, 503);
        app.MapMethods("/v1/api-keys", Read, keys.ListAsync).With(ScaleBoxParameters.Keys)
            .Says<WireEnvelope<WireApiKeys>>(200, "List your keys.").Fails(400);
        app.MapMethods(Key, Read, keys.GetAsync).Says<WireEnvelope<WireApiKey>>(200, "One key.").Fails(404);
        app.MapPut(Key, keys.UpdateAsync).Takes<WireUpdateApiKey>().Says<WireEnvelope<WireApiKey>>(200, "Rename or describe it.").Fails(400, 404, 409, 413);
        app.MapPut(Key + "/status", keys.SetStatusAsync).Takes<WireApiKeyStatus>()
            .Says<WireEnvelope<WireApiKey>>(200, "Enable or disable it.").Fails(400, 404, 413, 503);
        app.MapDelete(Key, keys.DeleteAsync).Says<WireEnvelope<WireDeletedKey>>(200, "Delete it.").Fails(404);
    }

    private static void MapNotBuilt(IEndpointRouteBuilder app)
    {
        NotBuilt(app, Box + "/pause", "POST");
        NotBuilt(app, Box + "/resume", "POST");
        NotBuilt(app, Box + "/switch-project", "POST");
        NotBuilt(app, Box + "/metrics/chart", "GET");
        NotBuilt(app, Box + "/webrtc-turn-credential", "GET");
        NotBuilt(app, Box + "/create-template", "POST");
        NotBuilt(app, "/v1/sandboxes/stats", "GET");
        NotBuilt(app, "/v1/sandboxes/batch-delete", "POST");
        NotBuilt(app, "/v1/sandboxes/batch-terminate", "POST");
        NotBuilt(app, "/v1/sandboxes/batch-pause", "POST");
        NotBuilt(app, "/v1/sandboxes/batch-resume", "POST");
        NotBuilt(app, "/v1/templates/{**rest}", "GET", "POST", "PUT", "DELETE");
        NotBuilt(app, "/v1/import-jobs/{**rest}", "GET", "DELETE");
        NotBuilt(app, "/v1/projects/{**rest}", "GET", "POST", "PUT", "DELETE");
        NotBuilt(app, "/v1/notifications/{**rest}", "GET", "POST", "PATCH", "DELETE");
        NotBuilt(app, "/v1/webhooks/{**rest}", "GET", "POST", "PUT", "DELETE");
        NotBuilt(app, "/v1/usage/{**rest}", "GET", "POST");
    }

    private static void NotBuilt(IEndpointRouteBuilder app, string route, params string[] methods) => app
        .MapMethods(route, methods, Task (HttpContext http, CancellationToken cancellation) => throw new Fault(
            FaultCode.NotImplemented, $"{http.Request.Method} {route} is known and not built in this version").AsException())
        .ExcludeFromDescription();

    private static RouteHandlerBuilder Public(this RouteHandlerBuilder route) => route.WithMetadata(new PublicRoute());

    private static RouteHandlerBuilder TakesToken(this RouteHandlerBuilder route) => route.WithMetadata(
        new TokenRoute(values => ScaleBoxMapping.ParseId(values[ScaleBoxMapping.IdParameter] as string)));
}
