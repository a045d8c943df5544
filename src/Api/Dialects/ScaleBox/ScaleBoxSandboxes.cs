using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Create, read, prolong and end sandboxes.</summary>
internal sealed class ScaleBoxSandboxes(
    ISandboxes sandboxes, ScaleBoxMapping mapping, ScaleBoxReply reply, ScaleBoxFaults faults, ApiOptions options)
{
    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        (CreateSandbox request, bool wait) = ScaleBoxRequests.Create(body, options.MinTimeout);
        Sandbox made = await sandboxes.CreateAsync(caller, request, wait, cancellation);
        WireSandbox wire = mapping.Sandbox(caller, made, withToken: true);
        return wait && made.State is SandboxState.Failed
            ? faults.FailedCreate(http, wire)
            : reply.Data(wire, status: StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        (SandboxQuery query, Paging paging) = ScaleBoxRequests.List(http.Request.Query);
        SandboxPage page = await sandboxes.ListAsync(caller, query, cancellation);
        return reply.Data(new WireSandboxes(
            [.. page.Sandboxes.Select(sandbox => mapping.Sandbox(caller, sandbox, withToken: false))],
            ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        return reply.Data(mapping.Sandbox(caller, await sandboxes.GetAsync(caller, Id(http), cancellation), withToken: true));
    }

    public async Task<IResult> StatusAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(ScaleBoxMapping.StatusOf(await sandboxes.GetAsync(http.Caller(), Id(http), cancellation)));

    /// <summary>PUT: prolongs only. The contract has no data here; two clients read the sandbox out of it.</summary>
    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        Sandbox sandbox = await SetTimeoutAsync(http, TimeoutRule.OnlyLonger, cancellation);
        return reply.Data(mapping.Sandbox(http.Caller(), sandbox, withToken: true), "Sandbox updated successfully");
    }

    public async Task<IResult> TimeoutAsync(HttpContext http, CancellationToken cancellation)
    {
        WireTimeout timeout = mapping.Timeout(await SetTimeoutAsync(http, TimeoutRule.NotBelowUsed, cancellation));
        return reply.Data(
            timeout,
            timeout.AppliesTo is "current_phase" ? "Sandbox timeout updated successfully" : "Timeout saved for the next running phase");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.DeleteAsync(http.Caller(), Id(http), cancellation);
        var ending = new WireEnding(
            ScaleBoxMapping.Id(sandbox.Id), "deletion_in_progress", "The sandbox is taken down, then its record is removed.");
        return reply.Data(ending, "Sandbox deletion initiated", StatusCodes.Status202Accepted);
    }

    public async Task<IResult> TerminateAsync(HttpContext http, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.TerminateAsync(http.Caller(), Id(http), cancellation);
        string id = ScaleBoxMapping.Id(sandbox.Id);
        string status = ScaleBoxMapping.Status(sandbox.State);
        return sandbox.State.IsFinal()
            ? reply.Data(new WireEnding(id, status, "Nothing of it runs any more; the record is kept."), $"Sandbox is already {status}")
            : reply.Data(
                new WireEnding(id, "termination_in_progress", "The sandbox is taken down; the record is kept."),
                "Sandbox termination initiated",
                StatusCodes.Status202Accepted);
    }

    /// <summary>The sandbox that the route names. A malformed id is as unknown as any other.</summary>
    internal static SandboxId Id(HttpContext http)
    {
        string text = http.Request.RouteValues[ScaleBoxMapping.IdParameter] as string ?? "";
        return ScaleBoxMapping.ParseId(text) ?? throw Fault.NotFound("sandbox", text).AsException();
    }

    private async Task<Sandbox> SetTimeoutAsync(HttpContext http, TimeoutRule rule, CancellationToken cancellation)
    {
        SandboxId id = Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return await sandboxes.SetTimeoutAsync(http.Caller(), id, ScaleBoxRequests.Timeout(body, options.MinTimeout), rule, cancellation);
    }
}
