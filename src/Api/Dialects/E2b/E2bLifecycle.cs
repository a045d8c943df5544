using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Pause, resume, use again and copy sandboxes (contracts/e2b.md 1.2).</summary>
internal sealed class E2bLifecycle(ISandboxes sandboxes, E2bMapping mapping)
{
    public async Task<IResult> PauseAsync(HttpContext http, CancellationToken cancellation)
    {
        E2bRequests.WithMemory(await JsonRequest.ReadAsync(http.Request, optional: true, cancellation));
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        await sandboxes.PauseAsync(http.Caller(), sandbox.Id, wait: true, cancellation);
        return Results.NoContent();
    }

    /// <summary>The way of clients before connect: one that runs is refused.</summary>
    public async Task<IResult> ResumeAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        TimeSpan timeout = E2bRequests.Resume(body, sandbox, E2bSandboxes.FirstTimeout);
        Sandbox resumed = await sandboxes.ResumeAsync(http.Caller(), sandbox.Id, timeout, wait: true, cancellation);
        return Results.Json(mapping.Sandbox(resumed), E2bJson.Of<E2bSandbox>(), statusCode: StatusCodes.Status201Created);
    }

    public Task<IResult> ConnectAsync(HttpContext http, CancellationToken cancellation) => ConnectAsync(http, standard: null, cancellation);

    public Task<IResult> ConnectOrDefaultAsync(HttpContext http, CancellationToken cancellation) =>
        ConnectAsync(http, E2bSandboxes.SecondTimeout, cancellation);

    /// <summary>The reply has an entry for each copy, in order; one that did not start does not keep the others from their clients.</summary>
    public async Task<IResult> ForkAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        ForkSandbox wanted = E2bRequests.Fork(body, E2bSandboxes.FirstTimeout);
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        if (sandbox.State is SandboxState.Paused)
        {
            throw new Domain.Fault(
                Domain.FaultCode.WrongState, $"sandbox '{sandbox.Id}' is paused: connect to it first, or create from a snapshot").AsException();
        }

        IReadOnlyList<Sandbox> copies = await sandboxes.ForkAsync(http.Caller(), sandbox.Id, wanted, cancellation);
        return Results.Json([.. copies.Select(Forked)], E2bJson.Of<E2bForked[]>(), statusCode: StatusCodes.Status201Created);
    }

    /// <summary>What runs is answered with 200; 201 says that it was resumed.</summary>
    private async Task<IResult> ConnectAsync(HttpContext http, TimeSpan? standard, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: standard is not null, cancellation);
        E2bRequests.WithMemory(body);
        TimeSpan timeout = E2bRequests.ConnectTimeout(body, standard);
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        Sandbox connected = await sandboxes.ConnectAsync(http.Caller(), sandbox.Id, timeout, TimeoutOrigin.Now, cancellation);
        bool ranOn = connected.ResumedAt == sandbox.ResumedAt;
        return Results.Json(
            mapping.Sandbox(connected), E2bJson.Of<E2bSandbox>(), statusCode: ranOn ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private E2bForked Forked(Sandbox copy) => copy.State is SandboxState.Running
        ? new E2bForked(mapping.Sandbox(copy), null)
        : new E2bForked(null, new E2bError(StatusCodes.Status500InternalServerError, $"sandbox '{copy.Id}' did not start: {copy.Reason}"));
}
