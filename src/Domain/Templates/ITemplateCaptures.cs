using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Templates;

/// <summary>Makes templates of sandboxes (contracts/scalebox.md 1.2, "create-template").</summary>
public interface ITemplateCaptures
{
    /// <summary>
    /// Makes a template of the files of a running sandbox, which goes on. Returns once it is recorded; it is
    /// <see cref="TemplateStatus.Building"/> until it is available or failed. What is not given is as in the sandbox.
    /// <see cref="FaultCode.WrongState"/> for a sandbox that does not run, <see cref="FaultCode.QuotaExceeded"/> when the
    /// caller's templates take all that they may.
    /// </summary>
    Task<CatalogueTemplate> CaptureAsync(Caller caller, SandboxId sandbox, NewTemplate request, CancellationToken cancellation);
}
