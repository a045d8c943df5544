using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Pause, resume, use again and copy sandboxes.</summary>
internal sealed class ScaleBoxLifecycle(
    ISandboxes sandboxes, ISandboxMounts mounts, ScaleBoxMapping mapping, ScaleBoxReply reply, ApiOptions options)
{
    public async Task<IResult> PauseAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        bool wait = !(body.Bool("is_async") ?? false);
        Sandbox sandbox = await sandboxes.PauseAsync(http.Caller(), id, wait, cancellation);
        return reply.Data(
            mapping.Sandbox(http.Caller(), sandbox, withToken: true), wait ? "Sandbox paused successfully" : "Sandbox pause initiated");
    }

    /// <summary>The patch is kept before the sandbox is resumed: a resume that fails can be repeated with the same body.</summary>
    public async Task<IResult> ResumeAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        bool wait = !(body.Bool("is_async") ?? false);
        await PatchAsync(caller, id, ScaleBoxMounts.Read(body), cancellation);
        Sandbox sandbox = await sandboxes.ResumeAsync(caller, id, timeout: null, wait, cancellation);
        string message = wait ? "Sandbox resumed successfully" : "Sandbox resume initiated";
        return reply.Data(WireResumedSandbox.Of(mapping.Sandbox(caller, sandbox, withToken: true), message), message);
    }

    /// <summary>What every SDK calls to use a sandbox again, whether it runs or is paused.</summary>
    public async Task<IResult> ConnectAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        TimeSpan? timeout = ScaleBoxRequests.OptionalTimeout(body, options.MinTimeout);
        Sandbox sandbox = await sandboxes.ConnectAsync(http.Caller(), id, timeout, TimeoutOrigin.PhaseStart, cancellation);
        return reply.Data(mapping.Sandbox(http.Caller(), sandbox, withToken: true));
    }

    public async Task<IResult> ForkAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        IReadOnlyList<Sandbox> copies = await sandboxes.ForkAsync(caller, id, ScaleBoxRequests.Fork(body, options.MinTimeout), cancellation);
        return reply.Data(
            new WireForks([.. copies.Select(copy => mapping.Sandbox(caller, copy, withToken: true))]),
            status: StatusCodes.Status201Created);
    }

    /// <summary>One without slots for object storage has nothing to keep, and nothing that could be missing.</summary>
    private async Task PatchAsync(Caller caller, SandboxId id, MountPatch patch, CancellationToken cancellation)
    {
        if (patch is not MountPatch.Keep || (await sandboxes.GetAsync(caller, id, cancellation)).Mounts.Count > 0)
        {
            await mounts.ChangeAsync(caller, id, patch, cancellation);
        }
    }
}
