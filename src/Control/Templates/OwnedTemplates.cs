using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Templates;

/// <summary>Templates as users see and change them.</summary>
internal sealed class OwnedTemplates(
    Catalogue catalogue, IBuiltInTemplates builtIn, CatalogueStore store, NewTemplates births, RegistrySecrets secrets, TemplateRules rules,
    TemplateWork work, ControlOptions options, TimeProvider time) : ITemplateCatalogue
{
    private const int MaxPage = 500;
    private const int MaxChain = 100;
    private const int MaxLogsLength = 64 * 1024;

    public Task<TemplatePage> ListAsync(Caller caller, TemplateQuery query, CancellationToken cancellation)
    {
        if (query.Limit is < 1 or > MaxPage)
        {
            throw Fault.Invalid("limit", $"limit must be 1 to {MaxPage}").AsException();
        }

        // The installation's own are few, and come first.
        CatalogueTemplate[] own = [.. builtIn.List().DistinctBy(template => template.Name).Select(Catalogue.Describe).Where(template => Matches(template, query))];
        CatalogueTemplate[] first = [.. own.Skip(query.Offset).Take(query.Limit)];
        TemplatePage rest = store.List(
            caller.User.Id, query with { Offset = Math.Max(0, query.Offset - own.Length), Limit = query.Limit - first.Length });
        return Task.FromResult(new TemplatePage([.. first, .. rest.Templates], own.Length + rest.Total));
    }

    public Task<CatalogueTemplate> GetAsync(Caller caller, string id, CancellationToken cancellation) => Task.FromResult(catalogue.Read(caller, id));

    public async Task<CatalogueTemplate> CreateAsync(Caller caller, NewTemplate request, CancellationToken cancellation) =>
        await births.AddAsync(births.Record(caller, request), request.RegistryPassword);

    public Task<CatalogueTemplate> UpdateAsync(Caller caller, string id, TemplateChange change, CancellationToken cancellation)
    {
        CatalogueTemplate template = catalogue.ReadOwn(caller, id);
        if (change.Name is { } name)
        {
            births.CheckName(name);
        }

        byte[]? secret = change.RegistryPassword is { } password ? secrets.Seal(template.Id, password) : null;
        return ChangeAsync(template.Id, before => Changed(before, change), secret);
    }

    public async Task DeleteAsync(Caller caller, string id, CancellationToken cancellation)
    {
        CatalogueTemplate template = catalogue.ReadOwn(caller, id);
        int users = await store.DeleteAsync(template.Id);
        if (users > 0)
        {
            throw new Fault(
                FaultCode.WrongState, $"{users} active sandboxes use template '{template.Name}': end them first").AsException();
        }

        work.Signal();
    }

    public Task<CatalogueTemplate> SetDocumentAsync(Caller caller, string id, string? document, CancellationToken cancellation)
    {
        string? text = document is null ? null : TemplateRules.Document(document);
        return ChangeAsync(catalogue.ReadOwn(caller, id).Id, before => before with { Document = text });
    }

    public Task<IReadOnlyList<CatalogueTemplate>> ChainAsync(Caller caller, string id, CancellationToken cancellation)
    {
        List<CatalogueTemplate> chain = [catalogue.Read(caller, id)];
        while (chain[^1].Parent is { } parent && chain.Count < MaxChain)
        {
            CatalogueTemplate? next = builtIn.Find(parent.Value) is { } own ? Catalogue.Describe(own) : store.Find(parent);
            // What its owner does not share any more ends the chain for others.
            if (next is null || !Catalogue.Sees(caller, next))
            {
                break;
            }

            chain.Add(next);
        }

        return Task.FromResult<IReadOnlyList<CatalogueTemplate>>(chain);
    }

    public Task<TemplateStorage> StorageAsync(Caller caller, CancellationToken cancellation) =>
        Task.FromResult(new TemplateStorage(store.StorageOf(caller.User.Id), options.TemplateStorage));

    public Task<string> DockerfileAsync(Caller caller, string id, CancellationToken cancellation)
    {
        CatalogueTemplate template = catalogue.Read(caller, id);
        CatalogueTemplate? parent = template.Parent is not { } known ? null
            : builtIn.Find(known.Value) is { } own ? Catalogue.Describe(own) : store.Find(known);
        return Task.FromResult(Dockerfile.Of(template, parent));
    }

    public async Task<CatalogueTemplate> SetStatusAsync(Caller caller, string id, TemplateReport report, CancellationToken cancellation)
    {
        CatalogueTemplate template = catalogue.ReadOwn(caller, id);
        string? harbor = report.HarborUrl is { } url ? TemplateRules.Address("harbor_image_url", url) : null;
        return await ChangeAsync(template.Id, before =>
        {
            if (report.Status is TemplateStatus.Available && before.Root is null)
            {
                throw new Fault(
                    FaultCode.WrongState, "the template has no root file system yet: POST /v1/templates/{id}/import fetches its image", "status").AsException();
            }

            DateTimeOffset now = time.Now();
            return before with
            {
                Status = report.Status,
                BuildError = report.Status is TemplateStatus.Failed ? Cut(report.Error ?? "no reason was given") : "",
                BuildLogs = report.Logs is { } logs ? Cut(logs) : before.BuildLogs,
                Image = harbor is null ? before.Image : before.Image with { HarborUrl = harbor },
                BuildStartedAt = report.Status is TemplateStatus.Building ? now : before.BuildStartedAt,
                PushStartedAt = report.Status is TemplateStatus.Pushing ? now : before.PushStartedAt,
                PushCompletedAt = report.Status is TemplateStatus.Available ? now : before.PushCompletedAt,
            };
        });
    }

    private CatalogueTemplate Changed(CatalogueTemplate before, TemplateChange change) => before with
    {
        Name = change.Name ?? before.Name,
        Description = change.Description is { } description ? TemplateRules.Description(description) : before.Description,
        DefaultCpuCount = change.DefaultCpuCount is { } cpu ? rules.Cpu(cpu) : before.DefaultCpuCount,
        DefaultMemoryMb = change.DefaultMemoryMb is { } memory ? rules.Memory(memory) : before.DefaultMemoryMb,
        Visibility = change.Visibility ?? before.Visibility,
        Metadata = change.Metadata is { } metadata ? TemplateRules.Metadata(metadata) : before.Metadata,
        Ports = change.Ports is { } ports ? rules.Ports([], ports) : before.Ports,
        CustomCommand = change.CustomCommand is { } start ? TemplateRules.CustomCommand(start) : before.CustomCommand,
        ReadyCommand = change.ReadyCommand is { } ready ? TemplateRules.ReadyCommand(ready) : before.ReadyCommand,
        Image = TemplateRules.Image(before.Image with
        {
            ExternalUrl = change.ExternalUrl ?? before.Image.ExternalUrl,
            RegistryUsername = change.RegistryUsername ?? before.Image.RegistryUsername,
            HarborUrl = change.HarborUrl ?? before.Image.HarborUrl,
        }),
    };

    private async Task<CatalogueTemplate> ChangeAsync(TemplateId id, Func<CatalogueTemplate, CatalogueTemplate> change, byte[]? secret = null)
    {
        (CatalogueTemplate? after, Stored outcome) = await store.ChangeAsync(id, before => change(before) with { UpdatedAt = time.Now() }, secret);
        return outcome switch
        {
            Stored.NameTaken => throw NewTemplates.NameTaken(),
            Stored.Gone => throw Fault.NotFound("template", id.Value).AsException(),
            _ => after!,
        };
    }

    private static bool Matches(CatalogueTemplate template, TemplateQuery query) =>
        (query.Status is null || query.Status == template.Status)
        && (query.Visibility is null || query.Visibility == template.Visibility)
        && (query.Name is null || query.Name == template.Name)
        && (query.Search is not { } text || Array.Exists(
            [template.Name, template.Description, template.Id.Value], value => value.Contains(text, StringComparison.OrdinalIgnoreCase)));

    private static string Cut(string text) => text.Length <= MaxLogsLength ? text : text[^MaxLogsLength..];
}
