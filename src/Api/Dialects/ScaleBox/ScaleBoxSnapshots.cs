using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Takes, lists and removes snapshots; a create names one in place of its template.</summary>
internal sealed class ScaleBoxSnapshots(ISnapshots snapshots, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a snapshot's id.</summary>
    public const string IdParameter = "snapshot_id";

    private const string IdPrefix = "snp-";

    public static string Id(SnapshotId id) => IdPrefix + id.Value;

    /// <summary>Null for everything that <see cref="Id"/> cannot have made.</summary>
    public static SnapshotId? ParseId(string? text) =>
        text is not null
        && text.StartsWith(IdPrefix, StringComparison.Ordinal)
        && SnapshotId.TryParse(text[IdPrefix.Length..], out SnapshotId id) ? id : null;

    public async Task<IResult> TakeAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        Snapshot taken = await snapshots.TakeAsync(http.Caller(), id, body.String("name") is { Length: > 0 } name ? name : null, cancellation);
        return reply.Data(Wire(taken), status: StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, standardLimit: 20);
        var query = new SnapshotQuery
        {
            Sandbox = Sandbox(http.Request.Query),
            Name = QueryValues.Text(http.Request.Query, "name"),
            Offset = paging.Offset,
            Limit = paging.Limit,
        };
        SnapshotPage page = await snapshots.ListAsync(http.Caller(), query, cancellation);
        return reply.Data(new WireSnapshots([.. page.Snapshots.Select(Wire)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(Wire(await snapshots.GetAsync(http.Caller(), IdOf(http), cancellation)));

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        SnapshotId id = IdOf(http);
        await snapshots.DeleteAsync(http.Caller(), id, cancellation);
        return reply.Data(new WireDeletedSnapshot(Id(id)), "Snapshot deleted successfully");
    }

    private static SnapshotId IdOf(HttpContext http)
    {
        string text = http.Request.RouteValues[IdParameter] as string ?? "";
        return ParseId(text) ?? throw Fault.NotFound("snapshot", text).AsException();
    }

    private static SandboxId? Sandbox(IQueryCollection query) => QueryValues.Text(query, ScaleBoxMapping.IdParameter) switch
    {
        null => null,
        { } text => ScaleBoxMapping.ParseId(text)
            ?? throw Fault.Invalid(ScaleBoxMapping.IdParameter, $"'{text}' is no id of a sandbox").AsException(),
    };

    private static WireSnapshot Wire(Snapshot snapshot) => new(
        Id(snapshot.Id), snapshot.Name, ScaleBoxMapping.Id(snapshot.Sandbox), snapshot.Template.Value, snapshot.TemplateName,
        snapshot.Resources.CpuCount, snapshot.Resources.MemoryMb, snapshot.Resources.StorageGb, snapshot.Bytes,
        snapshot.CreatedAt.UtcDateTime, snapshot.Owner.Value);
}
