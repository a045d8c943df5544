using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Lists a caller's sandboxes that are not over.</summary>
internal sealed class E2bSandboxList(ISandboxes sandboxes)
{
    private const string NextToken = "X-Next-Token", TotalRunning = "X-Total-Running";
    private const int Most = 500;

    /// <summary>GET /sandboxes: all that run, in one reply.</summary>
    public async Task<IResult> RunningAsync(HttpContext http, CancellationToken cancellation)
    {
        var query = new SandboxQuery
        {
            States = E2bRequests.States(E2bMapping.Running),
            Metadata = E2bRequests.Metadata(QueryValues.Text(http.Request.Query, "metadata")),
            Limit = Most,
        };
        List<Sandbox> all = [];
        SandboxPage page;
        do
        {
            page = await sandboxes.ListAsync(http.Caller(), query, cancellation);
            all.AddRange(page.Sandboxes);
            query = query with { After = all.Count > 0 ? all[^1].Id : null };
        }
        while (page.Sandboxes.Count == Most);

        http.Response.Headers[TotalRunning] = Text(all.Count);
        return Reply(all);
    }

    /// <summary>GET /v2/sandboxes: a page, and in headers where the next one begins and how many run that the filter lets pass.</summary>
    public async Task<IResult> PageAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        SandboxQuery query = E2bRequests.Page(http.Request.Query);
        SandboxPage page = await sandboxes.ListAsync(caller, query with { Limit = query.Limit + 1 }, cancellation);
        Sandbox[] shown = [.. page.Sandboxes.Take(query.Limit)];
        if (page.Sandboxes.Count > query.Limit)
        {
            http.Response.Headers[NextToken] = shown[^1].Id.Value;
        }

        SandboxQuery running = query with { States = E2bRequests.States(E2bMapping.Running), After = null, Limit = 1 };
        http.Response.Headers[TotalRunning] = Text((await sandboxes.ListAsync(caller, running, cancellation)).Total);
        return Reply(shown);
    }

    private static IResult Reply(IEnumerable<Sandbox> sandboxes) => Results.Json(
        [.. sandboxes.Where(sandbox => E2bMapping.State(sandbox.State) is not null).Select(E2bMapping.Listed)],
        E2bJson.Of<E2bSandboxDetail[]>());

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
