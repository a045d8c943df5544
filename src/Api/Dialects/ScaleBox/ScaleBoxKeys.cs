using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lets users manage their API keys.</summary>
internal sealed class ScaleBoxKeys(IApiKeys keys, ScaleBoxMapping mapping, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a key's id.</summary>
    public const string IdParameter = "key_id";

    private static readonly Dictionary<string, bool?> Statuses = new(StringComparer.OrdinalIgnoreCase)
    {
        ["active"] = true,
        ["inactive"] = false,
    };

    private const int MaxDays = 3650;

    private static readonly Dictionary<string, Func<ApiKey, object?>> Sorts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["created_at"] = key => key.CreatedAt,
        ["name"] = key => key.Name,
        ["last_used_at"] = key => key.LastUsedAt,
    };

    private static readonly Dictionary<string, bool> Orders = new(StringComparer.OrdinalIgnoreCase) { ["asc"] = false, ["desc"] = true };

    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        NewApiKey made = await keys.CreateAsync(
            http.Caller(), body.RequiredString("name"), body.String("description") ?? "", Lifetime(body), cancellation);
        return reply.Data(
            mapping.Key(http.Caller(), made.Key, made.Secret),
            "API key created successfully; the secret is shown only now",
            StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        IQueryCollection query = http.Request.Query;
        Paging paging = Paging.Read(query, standardLimit: 50);
        bool? active = QueryValues.Choice(query, "status", null, Statuses);
        string search = QueryValues.Text(query, "search") ?? "";
        WireApiKey[] found =
        [
            .. Sorted(query, await keys.ListAsync(http.Caller(), Owner(http), cancellation))
                .Where(key => active is null || key.IsActive == active)
                .Where(key => key.Name.Contains(search, StringComparison.OrdinalIgnoreCase))
                .Select(key => mapping.Key(http.Caller(), key)),
        ];
        return reply.Data(new WireApiKeys(
            [.. found.Skip(paging.Offset).Take(paging.Limit)],
            IApiKeys.MaxActive,
            ScaleBoxReply.Pagination(paging, found.Length)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(mapping.Key(http.Caller(), await keys.GetAsync(http.Caller(), Id(http), cancellation)));

    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        ApiKey key = await keys.UpdateAsync(
            http.Caller(), Id(http), body.String("name"), body.String("description"), body.Bool("is_active"), cancellation);
        return reply.Data(mapping.Key(http.Caller(), key), "API key updated successfully");
    }

    public async Task<IResult> SetStatusAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        ApiKey key = await keys.UpdateAsync(http.Caller(), Id(http), null, null, body.RequiredBool("is_active"), cancellation);
        return reply.Data(mapping.Key(http.Caller(), key), "API key status updated successfully");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await keys.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(new WireDeletedKey(Id(http)), "API key deleted successfully");
    }

    private static UserId Owner(HttpContext http) =>
        QueryValues.Text(http.Request.Query, "user_id") is { } user ? new UserId(user) : http.Caller().User.Id;

    private static TimeSpan? Lifetime(JsonFields body) => body.Int("expires_in_days") switch
    {
        null => null,
        >= 1 and <= MaxDays and { } days => TimeSpan.FromDays(days),
        _ => throw Fault.Invalid("expires_in_days", $"expires_in_days must be 1 to {MaxDays}").AsException(),
    };

    private static IEnumerable<ApiKey> Sorted(IQueryCollection query, IEnumerable<ApiKey> keys)
    {
        Func<ApiKey, object?> by = QueryValues.Choice(query, query.ContainsKey("sort_by") ? "sort_by" : "sort", key => key.CreatedAt, Sorts);
        return QueryValues.Choice(query, "sort_order", false, Orders) ? keys.OrderByDescending(by) : keys.OrderBy(by);
    }

    private static string Id(HttpContext http) => http.Request.RouteValues[IdParameter] as string ?? "";
}
