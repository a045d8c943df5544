using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Serialization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lists who changed what.</summary>
internal sealed class ScaleBoxAudit(IAuditLog log, ScaleBoxReply reply)
{
    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        IQueryCollection query = http.Request.Query;
        Paging paging = Paging.Read(query, standardLimit: 50);
        AuditPage page = await log.ListAsync(
            http.Caller(),
            new AuditFilter
            {
                User = QueryValues.Text(query, "user_id") is { } user ? new UserId(user) : null,
                Target = QueryValues.Text(query, "target"),
                Action = QueryValues.Text(query, "action"),
                Since = Time(query, "since") ?? Time(query, "start"),
                Until = Time(query, "until") ?? Time(query, "end"),
                Offset = paging.Offset,
                Limit = paging.Limit,
            },
            cancellation);
        return reply.Data(new WireAuditLog([.. page.Entries.Select(Entry)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    private static WireAuditEntry Entry(AuditEntry entry) => new(
        entry.Sequence, entry.At.UtcDateTime, entry.User.Value, entry.Key, $"{entry.Method} {entry.Route}", entry.Method, entry.Route, entry.Target,
        entry.Status, entry.Duration.TotalMilliseconds, entry.Address, entry.RequestId, entry.HasIdempotencyKey);

    private static DateTimeOffset? Time(IQueryCollection query, string name)
    {
        if (QueryValues.Text(query, name) is not { } text)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw Fault.Invalid(name, $"{name} must be a time in ISO 8601 such as 2030-01-31T12:00:00Z").AsException();
    }
}

internal sealed record WireAuditEntry(
    long Id,
    DateTime CreatedAt,
    string UserId,
    [property: Description("The API key that was used; null for another credential.")] string? KeyId,
    [property: Description("Method and route.")] string Action,
    string Method,
    string Route,
    [property: Description("The ids that the route named, apart by spaces.")] string ResourceId,
    int StatusCode,
    double DurationMs,
    string RemoteAddress,
    string RequestId,
    bool IdempotencyKey);

internal sealed record WireAuditLog(IReadOnlyList<WireAuditEntry> Entries, WirePagination Pagination);

/// <summary>The audit log.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireAuditLog>))]
internal sealed partial class AuditJson : JsonSerializerContext;
