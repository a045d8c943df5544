using System.Text.Json;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Makes, finds, changes, shares and deletes templates, and imports images for them (contracts/scalebox.md 1.5).</summary>
public sealed class TemplatesClient
{
    private const string UploadPath = "v1/templates/import/upload";

    private readonly Transport _transport;

    internal TemplatesClient(Transport transport) => _transport = transport;

    /// <summary>One page of the installation's templates, the caller's and those that are shared.</summary>
    public Task<TemplatePage> ListAsync(TemplateQuery? query = null, CancellationToken cancellation = default)
    {
        TemplateQuery wanted = query ?? new TemplateQuery();
        return _transport.SendAsync(
            ApiRequest.Get("v1/templates" + wanted.Render(
                ("name", wanted.Name), ("search", wanted.Search), ("visibility", wanted.Visibility), ("status", wanted.Status))),
            SdkJson.Default.TemplatePage, cancellation);
    }

    /// <summary>One template.</summary>
    public Task<Template> GetAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(templateId)), SdkJson.Default.Template, cancellation);

    /// <summary>Makes a template of another one, or for an image.</summary>
    /// <exception cref="ConflictException">The name is taken.</exception>
    public Task<Template> CreateAsync(TemplateSpec spec, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Post("v1/templates", spec, SdkJson.Default.TemplateSpec), SdkJson.Default.Template, cancellation);

    /// <summary>Makes a template of what a running sandbox has on its disk. Its image may be finished later: look at <see cref="Template.Status"/>.</summary>
    /// <exception cref="ConflictException">The sandbox does not run, or the name is taken.</exception>
    public Task<Template> CreateFromSandboxAsync(string sandboxId, TemplateOfSandbox request, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"v1/sandboxes/{ApiRequest.Segment(sandboxId)}/create-template", request, SdkJson.Default.TemplateOfSandbox)
                with { Timeout = _transport.Options.CreateTimeout },
            SdkJson.Default.Template, cancellation);

    /// <summary>Changes what is not null.</summary>
    public async Task<Template> UpdateAsync(string templateId, TemplateSpec changes, CancellationToken cancellation = default) =>
        (await _transport.SendAsync(
            ApiRequest.Put(PathOf(templateId), changes, SdkJson.Default.TemplateSpec), SdkJson.Default.ChangedTemplate, cancellation)
            .ConfigureAwait(false)).Template;

    /// <summary>Deletes a template.</summary>
    /// <exception cref="ConflictException">Sandboxes of it are there.</exception>
    public Task DeleteAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(templateId)), cancellation);

    /// <summary>How it came to be, as far as that is known, as a Dockerfile.</summary>
    public Task<string> DockerfileAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendForTextAsync(ApiRequest.Get($"{PathOf(templateId)}/dockerfile"), cancellation);

    /// <summary>Lets all users of the account use it.</summary>
    public Task<TemplateShare> ShareAsync(string templateId, string? newName = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"{PathOf(templateId)}/share", new ShareRequest(newName), SdkJson.Default.ShareRequest), SdkJson.Default.TemplateShare, cancellation);

    /// <summary>Keeps it to its owner again.</summary>
    public Task<TemplateShare> UnshareAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Post, $"{PathOf(templateId)}/unshare"), SdkJson.Default.TemplateShare, cancellation);

    /// <summary>What is written about it.</summary>
    public Task<TemplateDocument> DocumentAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get($"{PathOf(templateId)}/document"), SdkJson.Default.TemplateDocument, cancellation);

    /// <summary>Writes something about it: Markdown of at most 65,535 bytes.</summary>
    public Task<TemplateDocument> SetDocumentAsync(string templateId, string text, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Put($"{PathOf(templateId)}/document", new DocumentText(text), SdkJson.Default.DocumentText), SdkJson.Default.TemplateDocument, cancellation);

    /// <summary>Takes away what is written about it.</summary>
    public Task ClearDocumentAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete($"{PathOf(templateId)}/document"), cancellation);

    /// <summary>Makes a template of an image in a registry. The work goes on after the reply: follow <see cref="ImportJobAsync"/>.</summary>
    public Task<ImportJob> ImportAsync(TemplateSpec spec, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Post("v1/templates/import", spec, SdkJson.Default.TemplateSpec), SdkJson.Default.ImportJob, cancellation);

    /// <summary>Makes a template of an image in a file, which is sent first, a piece at a time. The work goes on after the reply.</summary>
    /// <param name="spec">What the template is to be.</param>
    /// <param name="image">An OCI or Docker archive.</param>
    /// <param name="progress">Told how many bytes have been sent.</param>
    /// <param name="cancellation">Breaks it off.</param>
    public async Task<ImportJob> ImportFileAsync(
        TemplateSpec spec, Stream image, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        using Patience patience = new(_transport.Options.StreamIdleTimeout, _transport.Options.TimeProvider, cancellation);
        using MultipartFormDataContent form = [];
        foreach (JsonProperty field in JsonSerializer.SerializeToElement(spec, SdkJson.Default.TemplateSpec).EnumerateObject())
        {
            form.Add(new StringContent(field.Value.ToString()), field.Name);
        }
        form.Add(
            new StreamContent(new MeteredStream(image, count =>
            {
                patience.Renew();
                progress?.Invoke(count);
            })),
            "file", "image.tar");
        using HttpRequestMessage message = new(HttpMethod.Post, UploadPath) { Content = form };
        using HttpResponseMessage reply = await _transport.OpenAsync(message, patience).ConfigureAwait(false);
        patience.Renew();
        return await _transport.ReadAsync(reply, SdkJson.Default.ImportJob, UploadPath, patience).ConfigureAwait(false);
    }

    /// <summary>Starts the import of a template's image anew.</summary>
    public Task<ImportJob> StartImportAsync(string templateId, CancellationToken cancellation = default) =>
        _transport.SendAsync(new ApiRequest(HttpMethod.Post, $"{PathOf(templateId)}/import"), SdkJson.Default.ImportJob, cancellation);

    /// <summary>One page of import jobs.</summary>
    public Task<ImportJobPage> ImportJobsAsync(ImportJobQuery? query = null, CancellationToken cancellation = default)
    {
        ImportJobQuery wanted = query ?? new ImportJobQuery();
        return _transport.SendAsync(
            ApiRequest.Get("v1/import-jobs" + wanted.Render(("status", wanted.Status), ("template_id", wanted.TemplateId))),
            SdkJson.Default.ImportJobPage, cancellation);
    }

    /// <summary>One import job.</summary>
    public Task<ImportJob> ImportJobAsync(string jobId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get($"v1/import-jobs/{ApiRequest.Segment(jobId)}"), SdkJson.Default.ImportJob, cancellation);

    /// <summary>Cancels an import job.</summary>
    public Task CancelImportAsync(string jobId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete($"v1/import-jobs/{ApiRequest.Segment(jobId)}"), cancellation);

    private static string PathOf(string templateId) => $"v1/templates/{ApiRequest.Segment(templateId)}";
}
