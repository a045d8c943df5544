using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Templates;

/// <summary>Finds templates: the installation's own in what the operator built, the users' in the store.</summary>
internal sealed class Catalogue(IBuiltInTemplates builtIn, CatalogueStore store) : ITemplates
{
    private const string IdPrefix = "tpl-";

    public Template? Find(string nameOrId) => builtIn.Find(nameOrId)
        ?? (nameOrId.StartsWith(IdPrefix, StringComparison.Ordinal) && store.Find(new TemplateId(nameOrId)) is { Root: not null } stored
            ? Compile(stored)
            : null);

    public Template? Find(UserId user, string nameOrId)
    {
        if (builtIn.Find(nameOrId) is { } own)
        {
            return own;
        }

        return store.Find(user, nameOrId) switch
        {
            null => null,
            { Status: TemplateStatus.Available, Root: not null } usable => Compile(usable),
            var template => throw new Fault(
                FaultCode.WrongState, $"template '{template.Name}' is {SandboxRow.Word(template.Status)}: nothing can be made of it before it is available", "template")
                .AsException(),
        };
    }

    /// <summary>One that the caller sees; of those that are not the installation's own, by id only.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.NotFound"/>.</exception>
    public CatalogueTemplate Read(Caller caller, string id)
    {
        if (builtIn.Find(id) is { } own)
        {
            return Describe(own);
        }

        return id.StartsWith(IdPrefix, StringComparison.Ordinal) && store.Find(new TemplateId(id)) is { IsDeleted: false } template && Sees(caller, template)
            ? template
            : throw Fault.NotFound("template", id).AsException();
    }

    /// <summary>One that the caller may change.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.NotFound"/>, <see cref="FaultCode.Forbidden"/>.</exception>
    public CatalogueTemplate ReadOwn(Caller caller, string id)
    {
        CatalogueTemplate template = Read(caller, id);
        return template.Owner is { } owner && caller.Owns(owner)
            ? template
            : throw new Fault(FaultCode.Forbidden, $"template '{id}' is not yours: only its owner may change it").AsException();
    }

    /// <summary>One of the installation's own, in the words of the users' ones.</summary>
    public static CatalogueTemplate Describe(Template template) => new()
    {
        Id = template.Id,
        Owner = null,
        Name = template.Name,
        Description = template.Description,
        DefaultCpuCount = template.DefaultCpuCount,
        DefaultMemoryMb = template.DefaultMemoryMb,
        Visibility = TemplateVisibility.Public,
        Source = TemplateSource.ScaleboxFamily,
        Status = TemplateStatus.Available,
        Ports = template.Ports,
        ImageConfig = template.Start.Count > 0 ? new ImageConfig { Entrypoint = template.Start } : null,
        CreatedAt = template.CreatedAt,
        UpdatedAt = template.CreatedAt,
        Root = template.Root,
    };

    public static bool Sees(Caller caller, CatalogueTemplate template) =>
        template.Visibility is not TemplateVisibility.Private || template.Owner is not { } owner || caller.Owns(owner);

    private static Template Compile(CatalogueTemplate template) => new()
    {
        Id = template.Id,
        Owner = template.Owner,
        Source = template.Source,
        IsDeleted = template.IsDeleted,
        Name = template.Name,
        Description = template.Description,
        DefaultCpuCount = template.DefaultCpuCount,
        DefaultMemoryMb = template.DefaultMemoryMb,
        Ports = template.Ports,
        Start = StartCommands.Start(template.CustomCommand, template.ImageConfig),
        StartDirectory = template.ImageConfig?.WorkingDirectory ?? "/",
        StartUser = template.ImageConfig?.User ?? "root",
        Environment = template.ImageConfig?.Environment ?? new Dictionary<string, string>(),
        Ready = StartCommands.Ready(template.ReadyCommand),
        CreatedAt = template.CreatedAt,
        Root = template.Root!.Value,
    };
}
