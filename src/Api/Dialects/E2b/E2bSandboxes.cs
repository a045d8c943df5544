using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Create, read, prolong and end sandboxes. One that ends or has ended is not found.</summary>
internal sealed class E2bSandboxes(ISandboxes sandboxes, ITemplates templates, E2bSnapshots snapshots, E2bMapping mapping)
{
    /// <summary>What a sandbox lives for when nobody says how long, in the two versions of the API.</summary>
    public static readonly TimeSpan FirstTimeout = TimeSpan.FromSeconds(15), SecondTimeout = TimeSpan.FromSeconds(300);

    public Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation) =>
        CreateAsync(http, FirstTimeout, alwaysSecure: false, cancellation);

    public Task<IResult> CreateSecureAsync(HttpContext http, CancellationToken cancellation) =>
        CreateAsync(http, SecondTimeout, alwaysSecure: true, cancellation);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        return Results.Json(mapping.Detail(sandbox, withToken: http.Caller().MayHold(sandbox.Owner)), E2bJson.Of<E2bSandboxDetail>());
    }

    public async Task<IResult> KillAsync(HttpContext http, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        await sandboxes.DeleteAsync(http.Caller(), sandbox.Id, cancellation);
        return Results.NoContent();
    }

    public async Task<IResult> SetTimeoutAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return await MoveEndAsync(http, E2bRequests.Timeout(body), TimeoutRule.FromNow, cancellation);
    }

    public async Task<IResult> RefreshAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        return await MoveEndAsync(http, E2bRequests.Refresh(body), TimeoutRule.LaterFromNow, cancellation);
    }

    public async Task<IResult> UpdateNetworkAsync(HttpContext http, CancellationToken cancellation)
    {
        bool internet = E2bRequests.Network(await JsonRequest.ReadAsync(http.Request, optional: false, cancellation));
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        return internet == sandbox.AllowInternetAccess
            ? Results.NoContent()
            : throw new Fault(
                FaultCode.NotImplemented,
                "allow_internet_access cannot be changed while a sandbox runs in this version: make another sandbox",
                "allow_internet_access").AsException();
    }

    private async Task<IResult> CreateAsync(HttpContext http, TimeSpan standardTimeout, bool alwaysSecure, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        string wanted = body.RequiredString("templateID");
        string source = templates.Find(E2bTemplates.NameOf(wanted))?.Id.Value
            ?? (await snapshots.FindAsync(http.Caller(), wanted, cancellation))?.Id.Value
            ?? throw Fault.NotFound("template", wanted).AsException();
        CreateSandbox request = E2bRequests.Create(body, source, standardTimeout, alwaysSecure);
        Sandbox made = await sandboxes.CreateAsync(http.Caller(), request, wait: true, cancellation);
        return made.State is SandboxState.Running
            ? Results.Json(mapping.Sandbox(made), E2bJson.Of<E2bSandbox>(), statusCode: StatusCodes.Status201Created)
            : Results.Json(
                new E2bError(StatusCodes.Status500InternalServerError, $"sandbox '{made.Id}' did not start: {made.Reason}"),
                E2bJson.Of<E2bError>(),
                statusCode: StatusCodes.Status500InternalServerError);
    }

    private async Task<IResult> MoveEndAsync(HttpContext http, TimeSpan timeout, TimeoutRule rule, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        await sandboxes.SetTimeoutAsync(http.Caller(), sandbox.Id, timeout, rule, cancellation);
        return Results.NoContent();
    }
}
