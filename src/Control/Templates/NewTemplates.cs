using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Templates;

/// <summary>Turns what a caller wants of a new template into its first record, and stores it.</summary>
internal sealed class NewTemplates(
    Catalogue catalogue, IBuiltInTemplates builtIn, CatalogueStore store, RegistrySecrets secrets, TemplateRules rules, ControlOptions options,
    TimeProvider time)
{
    private const int StandardCpuCount = 2;
    private const int StandardMemoryMb = 512;

    /// <summary>One that is made of another template or of an image; see <see cref="ITemplateCatalogue.CreateAsync"/>.</summary>
    public CatalogueTemplate Record(Caller caller, NewTemplate request)
    {
        bool ofImage = request.Source is TemplateSource.Custom && string.IsNullOrEmpty(request.Parent);
        if (ofImage && request.ImageOrigin is null)
        {
            throw Fault.Invalid("custom_image_source", "custom_image_source must be external or imported for a custom template that has no base_template_id").AsException();
        }

        if (ofImage && request.ImageOrigin is ImageOrigin.External && request.Image.ExternalUrl.Length == 0)
        {
            throw Fault.Invalid("external_image_url", "external_image_url is required for an external image").AsException();
        }

        CatalogueTemplate? parent = ofImage ? null : Parent(caller, request);
        CatalogueTemplate template = Of(caller, request, parent);
        return parent is null ? template : template with
        {
            Status = TemplateStatus.Available,
            Root = parent.Root,
            ImageBytes = parent.ImageBytes,
            ImageConfig = parent.ImageConfig,
        };
    }

    /// <summary>The fields that do not depend on where its files are from; <see cref="TemplateStatus.Pending"/> and without a root.</summary>
    public CatalogueTemplate Of(Caller caller, NewTemplate request, CatalogueTemplate? parent)
    {
        CheckName(request.Name);
        DateTimeOffset now = time.Now();
        IReadOnlyList<PortMapping> inherited = request.ResetPorts ? [] : parent?.Ports ?? [];
        return new CatalogueTemplate
        {
            Id = new TemplateId("tpl-" + Ulid.New(now)),
            Owner = caller.User.Id,
            Name = request.Name,
            Description = TemplateRules.Description(request.Description ?? ""),
            DefaultCpuCount = rules.Cpu(request.DefaultCpuCount ?? parent?.DefaultCpuCount ?? StandardCpuCount),
            DefaultMemoryMb = rules.Memory(request.DefaultMemoryMb ?? parent?.DefaultMemoryMb ?? StandardMemoryMb),
            Visibility = request.Visibility,
            Source = request.Source,
            ImageOrigin = request.ImageOrigin,
            Image = TemplateRules.Image(request.Image),
            Metadata = TemplateRules.Metadata(request.Metadata),
            Ports = rules.Ports(inherited, request.Ports ?? []),
            CustomCommand = TemplateRules.CustomCommand(request.CustomCommand ?? parent?.CustomCommand ?? ""),
            ReadyCommand = TemplateRules.ReadyCommand(request.ReadyCommand ?? parent?.ReadyCommand ?? ""),
            Parent = parent?.Id,
            First = parent?.First ?? parent?.Id,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    public async Task<CatalogueTemplate> AddAsync(CatalogueTemplate template, string? password)
    {
        byte[]? secret = string.IsNullOrEmpty(password) ? null : secrets.Seal(template.Id, password);
        return await store.InsertAsync(template, secret, options.MaxTemplatesPerUser) switch
        {
            Stored.NameTaken => throw NameTaken(),
            Stored.TooMany => throw new Fault(
                FaultCode.QuotaExceeded, $"you have {options.MaxTemplatesPerUser} templates, the most there may be: delete some first").AsException(),
            _ => template,
        };
    }

    /// <summary>A name of the form that the contract has, which the installation does not use itself.</summary>
    public void CheckName(string name, string field = "name")
    {
        if (builtIn.Find(TemplateRules.Name(name, field)) is not null)
        {
            throw NameTaken(field);
        }
    }

    public static FaultException NameTaken(string field = "name") =>
        new Fault(FaultCode.AlreadyExists, "there is a template of this name already: choose another", field).AsException();

    private CatalogueTemplate Parent(Caller caller, NewTemplate request)
    {
        string wanted = string.IsNullOrEmpty(request.Parent) ? options.Limits.DefaultTemplate : request.Parent;
        CatalogueTemplate parent;
        try
        {
            parent = catalogue.Read(caller, wanted);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            throw Fault.Invalid("base_template_id", $"base_template_id: template '{wanted}' not found").AsException();
        }

        if (parent.Source != request.Source)
        {
            throw Fault.Invalid("base_template_id", "base_template_id must be of the same template_source").AsException();
        }

        return parent is { Status: TemplateStatus.Available, Root: not null }
            ? parent
            : throw new Fault(FaultCode.WrongState, $"template '{parent.Name}' is not available yet: wait for it", "base_template_id").AsException();
    }
}
