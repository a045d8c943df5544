using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Atoll.Domain.Events;
using Atoll.Domain.Webhooks;

namespace Atoll.Control.Webhooks;

/// <summary>How one attempt went.</summary>
/// <param name="Error">Null when it is delivered.</param>
internal sealed record AttemptOutcome(int? StatusCode, string? Error, TimeSpan Duration);

/// <summary>Makes one attempt: a signed POST, which has succeeded when a status of 2xx comes back.</summary>
internal sealed class WebhookSender(WebhookConnector connector, WebhookSecrets secrets, IWebhookBodies bodies, TimeProvider time) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(connector.Handler());

    public async Task<AttemptOutcome> SendAsync(Webhook webhook, WebhookDelivery delivery, LoggedEvent logged, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Request(webhook, delivery, logged);
        using var bound = new CancellationTokenSource(webhook.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        long start = time.GetTimestamp();
        try
        {
            using HttpResponseMessage reply = await _http.SendAsync(request, either.Token);
            return new AttemptOutcome((int)reply.StatusCode, reply.IsSuccessStatusCode ? null : Refusal((int)reply.StatusCode), time.GetElapsedTime(start));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            string error = bound.IsCancellationRequested ? $"no answer within {webhook.Timeout.TotalSeconds:0} s" : Words(e);
            return new AttemptOutcome(null, error, time.GetElapsedTime(start));
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Webhook webhook, WebhookDelivery delivery, LoggedEvent logged)
    {
        byte[] body = bodies.Of(logged);
        DateTimeOffset now = time.GetUtcNow();
        long timestamp = now.ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.ParseAdd("Atoll-Webhooks/1");
        request.Headers.Add("webhook-id", logged.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Of(secrets.KeysOf(webhook, now), logged.Id, timestamp, body));
        request.Headers.Add("X-Atoll-Webhook", webhook.Id);
        request.Headers.Add("X-Atoll-Delivery", delivery.Id);
        request.Headers.Add("X-Atoll-Attempt", (delivery.Attempts + 1).ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private static string Refusal(int status) => status is >= 300 and < 400 ? $"answered {status}, and redirects are not followed" : $"answered {status}";

    // The owner reads it: it names no address and nothing of this host.
    private static string Words(Exception e) => e switch
    {
        AddressRefusedException => "its host has an address that is not public",
        HttpRequestException { InnerException: AddressRefusedException } => "its host has an address that is not public",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its host is not known",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "TLS failed: is its certificate one that everybody trusts?",
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => "it hung up without an answer",
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } => "its host is not known",
        HttpRequestException { InnerException: SocketException } => "no connection to it",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "no connection to it",
        HttpRequestException => "its answer is not HTTP, or too long",
        _ => "no connection to it",
    };
}
