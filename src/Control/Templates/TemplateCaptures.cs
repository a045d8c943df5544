using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Templates;

/// <summary>Records a template of a sandbox and has it built beside the request.</summary>
internal sealed class TemplateCaptures(
    ISandboxes sandboxes, IBuiltInTemplates builtIn, CatalogueStore store, NewTemplates births, TemplateWork work, ControlOptions options,
    TimeProvider time) : ITemplateCaptures
{
    public async Task<CatalogueTemplate> CaptureAsync(Caller caller, SandboxId id, NewTemplate request, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.GetAsync(caller, id, cancellation);
        if (!caller.MayUse(sandbox.Owner))
        {
            // Its files would be the caller's: who may only see it has no right to them.
            throw Fault.NotFound("sandbox", id.Value).AsException();
        }

        if (sandbox.State is not SandboxState.Running)
        {
            throw new Fault(FaultCode.WrongState, "a template can only be made of a sandbox that runs: resume it first").AsException();
        }

        if (store.StorageOf(caller.User.Id) >= options.TemplateStorage)
        {
            throw new Fault(FaultCode.QuotaExceeded, $"your templates take the {options.TemplateStorage >> 30} GiB that they may: delete some first").AsException();
        }

        CatalogueTemplate parent = Parent(sandbox) with
        {
            Ports = sandbox.Ports,
            DefaultCpuCount = sandbox.Resources.CpuCount,
            DefaultMemoryMb = sandbox.Resources.MemoryMb,
        };
        CatalogueTemplate template = births.Of(caller, request with { Source = parent.Source }, parent) with
        {
            Status = TemplateStatus.Building,
            BuildStartedAt = time.Now(),
            ImageConfig = parent.ImageConfig,
        };
        await births.AddAsync(template, null);
        work.Capture(template, sandbox.Id);
        return template;
    }

    private CatalogueTemplate Parent(Sandbox sandbox) =>
        builtIn.Find(sandbox.Template.Value) is { } own ? Catalogue.Describe(own)
        : store.Find(sandbox.Template) ?? throw Fault.NotFound("template", sandbox.Template.Value).AsException();
}
