using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>Changes the slots of a caller's sandboxes for object storage, through their actors.</summary>
internal sealed class SandboxMounts(ISandboxes sandboxes, SandboxDirectory directory) : ISandboxMounts
{
    public async Task<Sandbox> ChangeAsync(Caller caller, SandboxId id, MountPatch patch, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.GetAsync(caller, id, cancellation);
        if (!caller.MayUse(sandbox.Owner))
        {
            throw Fault.NotFound("sandbox", id.Value).AsException();
        }

        return await directory.AskAsync(id, new SandboxCommand.ChangeMounts(patch), caller.User.Id.Value, cancellation);
    }
}
