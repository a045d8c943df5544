using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Webhooks;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lets users manage their webhooks and see what became of their deliveries.</summary>
internal sealed class ScaleBoxWebhooks(IWebhooks webhooks, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a webhook's id.</summary>
    public const string IdParameter = "endpoint_id";

    /// <summary>The route parameter that holds a delivery's id.</summary>
    public const string DeliveryParameter = "delivery_id";

    private const int StandardLimit = 50;

    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        WebhookSettings settings = Settings(body);
        WebhookSecret made = await webhooks.CreateAsync(
            http.Caller(), settings with { Url = body.RequiredString("url"), Events = settings.Events ?? [] }, cancellation);
        return reply.Data(
            Webhook(made.Webhook, made.Secret), "Webhook endpoint created successfully; the secret is shown only now", StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, StandardLimit);
        IReadOnlyList<Webhook> all = await webhooks.ListAsync(http.Caller(), cancellation);
        return reply.Data(new WireWebhooks(
            [.. all.Skip(paging.Offset).Take(paging.Limit).Select(one => Webhook(one))], ScaleBoxReply.Pagination(paging, all.Count)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(Webhook(await webhooks.GetAsync(http.Caller(), Id(http), cancellation)));

    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        return reply.Data(
            Webhook(await webhooks.UpdateAsync(http.Caller(), Id(http), Settings(body), cancellation)), "Webhook endpoint updated successfully");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await webhooks.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(new WireDeletedWebhook(Id(http)), "Webhook endpoint deleted successfully");
    }

    public async Task<IResult> RotateAsync(HttpContext http, CancellationToken cancellation)
    {
        WebhookSecret rotated = await webhooks.RotateAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(Webhook(rotated.Webhook, rotated.Secret), "The secret is shown only now; deliveries are signed with the old one too for a day");
    }

    public async Task<IResult> DeliveriesAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, StandardLimit);
        DeliveryPage page = await webhooks.DeliveriesAsync(http.Caller(), Id(http), paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireDeliveries([.. page.Deliveries.Select(Delivery)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> TestAsync(HttpContext http, CancellationToken cancellation) => reply.Data(
        Delivery(await webhooks.TestAsync(http.Caller(), Id(http), cancellation)), "A test event is being delivered", StatusCodes.Status202Accepted);

    public async Task<IResult> RedeliverAsync(HttpContext http, CancellationToken cancellation)
    {
        string delivery = http.Request.RouteValues[DeliveryParameter] as string ?? "";
        return reply.Data(
            Delivery(await webhooks.RedeliverAsync(http.Caller(), Id(http), delivery, cancellation)),
            "The event is being delivered once more", StatusCodes.Status202Accepted);
    }

    private static WebhookSettings Settings(JsonFields body) => new()
    {
        Name = body.String("name"),
        Url = body.String("url"),
        Events = Events(body),
        Description = body.String("description"),
        IsActive = body.Bool("is_active"),
        Timeout = body.Int("timeout_seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        MaxRetries = body.Int("max_retries"),
        OfAll = body.String("scope") switch
        {
            null => null,
            "user" => false,
            "account" => true,
            _ => throw Fault.Invalid("scope", "scope must be user or account").AsException(),
        },
    };

    private static IReadOnlyList<string>? Events(JsonFields body)
    {
        string name = body.IsGiven("event_types") || !body.IsGiven("events") ? "event_types" : "events";
        IReadOnlyList<string> words = body.Strings(name);
        return words.Count > 0 ? words : null;
    }

    private static WireWebhook Webhook(Webhook one, string? secret = null) => new(
        one.Id, one.Id, one.Name, one.Url, one.Events, one.Events, one.IsActive, one.DisabledReason, one.Description, one.OfAll ? "account" : "user",
        (int)one.Timeout.TotalSeconds, one.MaxRetries, one.Delivered + one.Failed, one.Delivered, one.Failed, Latest(one.LastSuccessAt, one.LastFailureAt),
        one.LastSuccessAt?.UtcDateTime, one.LastFailureAt?.UtcDateTime, one.FailingSince?.UtcDateTime, one.CreatedAt.UtcDateTime,
        one.UpdatedAt.UtcDateTime, one.OfAll ? null : one.Owner.Value, ScaleBoxMapping.Account(one.Owner), secret);

    private static DateTime? Latest(DateTimeOffset? one, DateTimeOffset? other) => (one > other || other is null ? one : other)?.UtcDateTime;

    private static WireDelivery Delivery(WebhookDelivery one)
    {
        DateTime? ended = one.EndedAt?.UtcDateTime;
        DateTime? next = one.NextAttemptAt?.UtcDateTime;
        return new WireDelivery(
            one.Id, one.Webhook, one.EventType, one.EventId, Status(one.State), one.StatusCode, one.StatusCode, one.Attempts, one.Attempts,
            one.MaxAttempts, (long?)one.Duration?.TotalMilliseconds, one.LastAttemptAt?.UtcDateTime, next, next,
            one.State is DeliveryState.Delivered ? ended : null, one.State is DeliveryState.Failed ? ended : null, one.Error, one.Error,
            one.Repeats, one.CreatedAt.UtcDateTime);
    }

    private static string Status(DeliveryState state) => state switch
    {
        DeliveryState.Pending => "pending",
        DeliveryState.Delivered => "delivered",
        DeliveryState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "has no word in this dialect"),
    };

    private static string Id(HttpContext http) => http.Request.RouteValues[IdParameter] as string ?? "";
}
