using System.Text;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Read and change templates.</summary>
internal sealed class ScaleBoxTemplates(ITemplateCatalogue catalogue, ITemplateCaptures captures, ScaleBoxMapping mapping, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a template's id.</summary>
    public const string IdParameter = "template_id";

    private const double Gibibyte = 1L << 30;

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        (TemplateQuery query, Paging paging) = ScaleBoxTemplateRequests.List(http.Request.Query);
        TemplatePage page = await catalogue.ListAsync(caller, query, cancellation);
        return reply.Data(new WireTemplates(
            [.. page.Templates.Select(template => mapping.Template(caller, template, whole: false))],
            ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        CatalogueTemplate made = await catalogue.CreateAsync(http.Caller(), ScaleBoxTemplateRequests.Create(body), cancellation);
        return reply.Data(
            mapping.Template(http.Caller(), made, whole: true), "Template created successfully", StatusCodes.Status201Created);
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) => reply.Data(mapping.Template(
        http.Caller(), await catalogue.GetAsync(http.Caller(), Id(http), cancellation), whole: true));

    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        CatalogueTemplate template = await catalogue.UpdateAsync(http.Caller(), Id(http), ScaleBoxTemplateRequests.Change(body), cancellation);
        return reply.Data(
            new WireChangedTemplate(mapping.Template(http.Caller(), template, whole: true)), "Template updated successfully");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await catalogue.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Done("Template deleted successfully");
    }

    public async Task<IResult> DocumentAsync(HttpContext http, CancellationToken cancellation)
    {
        CatalogueTemplate template = await catalogue.GetAsync(http.Caller(), Id(http), cancellation);
        if (!ScaleBoxTemplateRequests.Flag(http.Request.Query, "download"))
        {
            return Document(template);
        }

        return template.Document is { } document
            ? Results.File(Encoding.UTF8.GetBytes(document), "text/markdown; charset=utf-8", $"{template.Name}.md")
            : throw Fault.Invalid("download", $"template '{template.Name}' has no document: PUT one first").AsException();
    }

    public async Task<IResult> SetDocumentAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return Document(
            await catalogue.SetDocumentAsync(http.Caller(), Id(http), body.RequiredString("template_document"), cancellation),
            "Template document updated");
    }

    public async Task<IResult> RemoveDocumentAsync(HttpContext http, CancellationToken cancellation) => Document(
        await catalogue.SetDocumentAsync(http.Caller(), Id(http), null, cancellation), "Template document removed");

    public async Task<IResult> ChainAsync(HttpContext http, CancellationToken cancellation)
    {
        IReadOnlyList<CatalogueTemplate> chain = await catalogue.ChainAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(new WireTemplateChain([.. chain.Select(ScaleBoxTemplateMapping.Link)], chain.Count));
    }

    public async Task<IResult> ShareAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        string? name = body.String("new_name") is { Length: > 0 } given ? given : null;
        return await SetVisibilityAsync(
            http, new TemplateChange { Name = name, Visibility = TemplateVisibility.AccountShared }, "Template shared with the account", cancellation);
    }

    public Task<IResult> UnshareAsync(HttpContext http, CancellationToken cancellation) => SetVisibilityAsync(
        http, new TemplateChange { Visibility = TemplateVisibility.Private }, "Template is private again", cancellation);

    public async Task<IResult> StorageAsync(HttpContext http, CancellationToken cancellation)
    {
        TemplateStorage storage = await catalogue.StorageAsync(http.Caller(), cancellation);
        return reply.Data(new WireTemplateStorage(
            Math.Round(storage.UsedBytes / Gibibyte, 3), Math.Round(storage.LimitBytes / Gibibyte, 3),
            Math.Round(100.0 * storage.UsedBytes / Math.Max(1, storage.LimitBytes), 2), storage.UsedBytes, storage.LimitBytes));
    }

    public async Task<IResult> DockerfileAsync(HttpContext http, CancellationToken cancellation) =>
        Results.Text(await catalogue.DockerfileAsync(http.Caller(), Id(http), cancellation), "text/plain", Encoding.UTF8);

    public async Task<IResult> SetStatusAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        CatalogueTemplate template = await catalogue.SetStatusAsync(http.Caller(), Id(http), ScaleBoxTemplateRequests.Report(body), cancellation);
        return reply.Data(Build(template, "Template status updated"));
    }

    public async Task<IResult> CaptureAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        CatalogueTemplate made = await captures.CaptureAsync(
            http.Caller(), ScaleBoxSandboxes.Id(http), ScaleBoxTemplateRequests.Capture(body), cancellation);
        return reply.Data(ScaleBoxTemplateMapping.Captured(made), "Template creation started");
    }

    /// <summary>The template that the route names.</summary>
    internal static string Id(HttpContext http) => http.Request.RouteValues[IdParameter] as string ?? "";

    internal static WireTemplateBuild Build(CatalogueTemplate template, string message) =>
        new(message, template.Id.Value, ScaleBoxTemplateMapping.Status(template.Status), template.Image.HarborUrl);

    private async Task<IResult> SetVisibilityAsync(HttpContext http, TemplateChange change, string message, CancellationToken cancellation)
    {
        CatalogueTemplate template = await catalogue.UpdateAsync(http.Caller(), Id(http), change, cancellation);
        return reply.Data(new WireTemplateShare(
            template.Id.Value, template.Name, ScaleBoxTemplateMapping.Visibility(template.Visibility), template.Image.HarborProject,
            template.Image.HarborUrl, message));
    }

    private IResult Document(CatalogueTemplate template, string? message = null) =>
        reply.Data(new WireTemplateDocument(template.Id.Value, template.Document ?? ""), message);
}
