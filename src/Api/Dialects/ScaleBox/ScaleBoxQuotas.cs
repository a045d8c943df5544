using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Quotas: what holds and what is used, asking for more, granting it.</summary>
internal sealed class ScaleBoxQuotas(IQuotas quotas, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a request's id.</summary>
    public const string IdParameter = "request_id";

    private const string Everybody = "all";

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) => reply.Data(Quota(await quotas.GetAsync(
        http.Caller(), User(QueryValues.Text(http.Request.Query, "user_id")), Project(QueryValues.Text(http.Request.Query, "project_id")), cancellation)));

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(new WireQuotas([.. (await quotas.ListAsync(http.Caller(), cancellation)).Select(Quota)]));

    public async Task<IResult> SetAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        (UserId? user, ProjectId? project) = (User(body.String("user_id")), Project(body.String("project_id")));
        if (user is null == project is null)
        {
            throw Fault.Invalid("user_id", "give either user_id or project_id").AsException();
        }

        return reply.Data(Quota(await quotas.SetAsync(http.Caller(), user, project, Wanted(body), cancellation)), "Quota allocated successfully");
    }

    public async Task<IResult> RequestAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        QuotaRequest made = await quotas.RequestAsync(
            http.Caller(), Project(body.String("project_id")), Wanted(body), body.String("reason") ?? "", cancellation);
        return reply.Data(Request(made), "Quota request submitted successfully", StatusCodes.Status201Created);
    }

    public async Task<IResult> RequestsAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, standardLimit: 50);
        bool ofEverybody = QueryValues.Text(http.Request.Query, "user_id") is Everybody;
        QuotaRequestPage page = await quotas.RequestsAsync(http.Caller(), ofEverybody, paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireQuotaRequests([.. page.Requests.Select(Request)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public Task<IResult> GrantAsync(HttpContext http, CancellationToken cancellation) => DecideAsync(http, grant: true, cancellation);

    public Task<IResult> RefuseAsync(HttpContext http, CancellationToken cancellation) => DecideAsync(http, grant: false, cancellation);

    private async Task<IResult> DecideAsync(HttpContext http, bool grant, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, cancellation);
        string id = http.Request.RouteValues[IdParameter] as string ?? "";
        return reply.Data(Request(await quotas.DecideAsync(http.Caller(), id, grant, body.String("note") ?? "", cancellation)));
    }

    private static Quota Wanted(JsonFields body) => new(body.Int("sandboxes"), body.Int("cpu_count"), body.Int("memory_mb"), body.Int("storage_gb"));

    private static UserId? User(string? id) => string.IsNullOrEmpty(id) ? null : new UserId(id);

    private static ProjectId? Project(string? id) => string.IsNullOrEmpty(id) ? null : new ProjectId(id);

    private static WireQuota Quota(QuotaState state) => new(
        state.Owner.Value, state.Project?.Value,
        Field(state.Limits.Sandboxes, state.Used.Sandboxes), Field(state.Limits.CpuCount, state.Used.CpuCount),
        Field(state.Limits.MemoryMb, state.Used.MemoryMb), Field(state.Limits.StorageGb, state.Used.StorageGb),
        IsDefault: state.Own == new Quota());

    private static WireQuotaField Field(int? limit, long used) => new(limit, used, limit is { } most ? Math.Max(0, most - used) : null);

    private static WireQuotaRequest Request(QuotaRequest request) => new(
        request.Id, request.Owner.Value, request.Project?.Value, request.Wanted.Sandboxes, request.Wanted.CpuCount, request.Wanted.MemoryMb,
        request.Wanted.StorageGb, request.Reason, Word(request.State), request.Note, request.CreatedAt.UtcDateTime, request.DecidedAt?.UtcDateTime);

    private static string Word(QuotaRequestState state) => state switch
    {
        QuotaRequestState.Pending => "pending",
        QuotaRequestState.Granted => "approved",
        QuotaRequestState.Refused => "rejected",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "has no word in this dialect"),
    };
}
