using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Templates and the import of images (contracts/scalebox.md 1.5).</summary>
internal static class TemplateRoutes
{
    private const string Templates = "/v1/templates";
    private const string Template = Templates + "/{" + ScaleBoxTemplates.IdParameter + "}";

    public static IServiceCollection AddTemplates(this IServiceCollection services) => services.AddSingleton<ScaleBoxTemplates>();

    public static void MapTemplates(this IEndpointRouteBuilder app)
    {
        var templates = app.ServiceProvider.GetRequiredService<ScaleBoxTemplates>();
        MapRecords(app, templates);
        MapDocuments(app, templates);
        MapStates(app, templates);
        MapCaptures(app, templates);
        app.NotBuilt("/v1/templates/{**rest}", "GET", "POST", "PUT", "DELETE");
        app.NotBuilt("/v1/import-jobs/{**rest}", "GET", "DELETE");
    }

    private static void MapRecords(IEndpointRouteBuilder app, ScaleBoxTemplates templates)
    {
        app.MapMethods(Templates, Read, templates.ListAsync).With(ScaleBoxTemplateParameters.List)
            .Says<WireEnvelope<WireTemplates>>(200, "List the installation's templates, yours and those that are shared.").Fails(400);
        app.MapPost(Templates, templates.CreateAsync).Takes<WireNewTemplate>()
            .Says<WireEnvelope<WireTemplate>>(201, "Make a template of another one, or for an image that is imported later.").Fails(400, 409, 413, 503);
        app.MapMethods(Template, Read, templates.GetAsync)
            .Says<WireEnvelope<WireTemplate>>(200, "One template, by id; the installation's own also by name.").Fails(404);
        app.MapPut(Template, templates.UpdateAsync).Takes<WireChangeTemplate>()
            .Says<WireEnvelope<WireChangedTemplate>>(200, "Change it; fields that are left out stay.").Fails(400, 403, 404, 409, 413);
        app.MapDelete(Template, templates.DeleteAsync)
            .Says<WireDone>(200, "Delete it; refused while active sandboxes use it.").Fails(403, 404, 409);
    }

    private static void MapCaptures(IEndpointRouteBuilder app, ScaleBoxTemplates templates) => app
        .MapPost(Box + "/create-template", templates.CaptureAsync).Takes<WireCaptureTemplate>()
        .Says<WireEnvelope<WireCapturedTemplate>>(200, "Make a template of a running sandbox's files; it is built beside the sandbox, which goes on.")
        .Fails(400, 404, 409, 413, 503);

    private static void MapDocuments(IEndpointRouteBuilder app, ScaleBoxTemplates templates)
    {
        app.MapMethods(Template + "/document", Read, templates.DocumentAsync).With(ScaleBoxTemplateParameters.Document)
            .Says<WireEnvelope<WireTemplateDocument>>(200, "Its document; with download as a file of Markdown.").Fails(400, 404);
        app.MapPut(Template + "/document", templates.SetDocumentAsync).Takes<WireSetDocument>()
            .Says<WireEnvelope<WireTemplateDocument>>(200, "Give it a document: Markdown of at most 65535 bytes.").Fails(400, 403, 404, 413);
        app.MapDelete(Template + "/document", templates.RemoveDocumentAsync)
            .Says<WireEnvelope<WireTemplateDocument>>(200, "Take its document away.").Fails(403, 404);
        app.MapMethods(Template + "/dockerfile", Read, templates.DockerfileAsync)
            .Says<string>(200, "How it came to be, as far as that is known, as a Dockerfile.", "text/plain").Fails(404);
        app.MapMethods(Template + "/chain", Read, templates.ChainAsync)
            .Says<WireEnvelope<WireTemplateChain>>(200, "The templates that it was made of.").Fails(404);
    }

    private static void MapStates(IEndpointRouteBuilder app, ScaleBoxTemplates templates)
    {
        app.MapPost(Template + "/share", templates.ShareAsync).Takes<WireShareTemplate>(optional: true)
            .Says<WireEnvelope<WireTemplateShare>>(200, "Let all users of the account use it.").Fails(400, 403, 404, 409, 413);
        app.MapPost(Template + "/unshare", templates.UnshareAsync)
            .Says<WireEnvelope<WireTemplateShare>>(200, "Keep it to yourself again.").Fails(403, 404);
        app.MapMethods(Templates + "/storage-usage", Read, templates.StorageAsync)
            .Says<WireEnvelope<WireTemplateStorage>>(200, "What your templates take on the disk, and may take.");
        app.MapPut(Template + "/status", templates.SetStatusAsync).Takes<WireTemplateStatus>()
            .Says<WireEnvelope<WireTemplateBuild>>(200, "Say how the build of its image goes elsewhere.").Fails(400, 403, 404, 409, 413);
    }
}
