using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>
/// Takes, lists and removes snapshots (contracts/e2b.md 1.2). To clients they are templates: <c>{id}:default</c> is what they
/// are called, and a create takes that, the id alone, or their name.
/// </summary>
internal sealed class E2bSnapshots(ISandboxes sandboxes, ISnapshots snapshots)
{
    /// <summary>The route parameter that holds a snapshot's id.</summary>
    public const string IdParameter = "templateID";

    private const string Tag = ":default";
    private const string NextToken = "X-Next-Token";

    public async Task<IResult> TakeAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        string? name = body.String("name") is { Length: > 0 } given ? E2bTemplates.NameOf(given) : null;
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        Snapshot taken = await snapshots.TakeAsync(http.Caller(), sandbox.Id, name, cancellation);
        return Results.Json(Wire(taken), E2bJson.Of<E2bSnapshot>(), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        SnapshotQuery query = E2bRequests.Snapshots(http.Request.Query);
        SnapshotPage page = await snapshots.ListAsync(http.Caller(), query with { Limit = query.Limit + 1 }, cancellation);
        Snapshot[] shown = [.. page.Snapshots.Take(query.Limit)];
        if (page.Snapshots.Count > query.Limit)
        {
            http.Response.Headers[NextToken] = shown[^1].Id.Value;
        }

        return Results.Json([.. shown.Select(Wire)], E2bJson.Of<E2bSnapshot[]>());
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        string text = Uri.UnescapeDataString(http.Request.RouteValues[IdParameter] as string ?? "");
        Snapshot snapshot = await FindAsync(http.Caller(), text, cancellation) ?? throw Fault.NotFound("snapshot", text).AsException();
        await snapshots.DeleteAsync(http.Caller(), snapshot.Id, cancellation);
        return Results.NoContent();
    }

    /// <summary>The caller's snapshot of an id or a name; null when there is none.</summary>
    public async Task<Snapshot?> FindAsync(Caller caller, string reference, CancellationToken cancellation)
    {
        string name = E2bTemplates.NameOf(reference);
        if (!SnapshotId.TryParse(name, out SnapshotId id))
        {
            return (await snapshots.ListAsync(caller, new SnapshotQuery { Name = name, Limit = 1 }, cancellation)).Snapshots.FirstOrDefault();
        }

        try
        {
            return await snapshots.GetAsync(caller, id, cancellation);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            return null;
        }
    }

    private static E2bSnapshot Wire(Snapshot snapshot) => new(snapshot.Id.Value + Tag, snapshot.Name is { } name ? [name + Tag] : []);
}
