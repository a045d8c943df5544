using Atoll.Api.Dialects.ScaleBox.Routes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// The ScaleBox API (contracts/scalebox.md): the nouns of it. Each has its routes in a file of <c>Routes</c>, one line a
/// route, which says how far it is supported; what is not built answers 501.
/// </summary>
internal static class ScaleBoxDialect
{
    public static void AddScaleBox(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxMapping>()
        .AddSingleton<ScaleBoxReply>()
        .AddSingleton<ScaleBoxFaults>()
        .AddGeneral()
        .AddSandboxes()
        .AddLifecycle()
        .AddSnapshots()
        .AddPorts()
        .AddSandboxMetrics()
        .AddExec()
        .AddFiles()
        .AddProjects()
        .AddTemplates()
        .AddQuotas()
        .AddUsage()
        .AddUsers()
        .AddAudit()
        .AddKeys()
        .AddEvents()
        .AddNotifications()
        .AddWebhooks();

    public static void MapScaleBox(this IEndpointRouteBuilder app)
    {
        app.MapGeneral();
        app.MapSandboxes();
        app.MapLifecycle();
        app.MapSnapshots();
        app.MapPorts();
        app.MapSandboxMetrics();
        app.MapExec();
        app.MapFiles();
        app.MapKeys();
        app.MapEvents();
        app.MapProjects();
        app.MapQuotas();
        app.MapUsers();
        app.MapAudit();
        app.MapTemplates();
        app.MapNotifications();
        app.MapWebhooks();
        app.MapUsage();
    }
}
