using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Sandboxes;

/// <summary>Finds a sandbox whose insides the caller may reach, which is more than seeing that it is there.</summary>
public static class SandboxAccess
{
    /// <exception cref="FaultException"><see cref="FaultCode.NotFound"/> unless <see cref="Caller.MayUse"/>.</exception>
    public static async Task<Sandbox> FindUsableAsync(this ISandboxes sandboxes, Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.GetAsync(caller, id, cancellation);
        return caller.MayUse(sandbox.Owner) ? sandbox : throw Fault.NotFound("sandbox", id.Value).AsException();
    }
}
