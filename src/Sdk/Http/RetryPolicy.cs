using System.Net;

namespace Atoll.Sdk.Http;

/// <summary>Decides whether a failed attempt is repeated, and after how long.</summary>
internal sealed class RetryPolicy(AtollClientOptions options)
{
    /// <summary>The pause before the next attempt; null when there shall be none.</summary>
    /// <param name="failed">Attempts that failed so far, at least 1.</param>
    /// <param name="retryAfter">What the server asked for.</param>
    public TimeSpan? Next(int failed, TimeSpan? retryAfter = null)
    {
        if (failed > options.MaxRetries || retryAfter > options.MaxRetryDelay)
        {
            return null;
        }
        double doubled = options.RetryDelay.TotalMilliseconds * Math.Pow(2, failed - 1);
        double capped = Math.Min(doubled, options.MaxRetryDelay.TotalMilliseconds);
        TimeSpan backoff = TimeSpan.FromMilliseconds(capped * (0.5 + Random.Shared.NextDouble() / 2));
        return retryAfter > backoff ? retryAfter : backoff;
    }

    public static bool IsTransient(HttpStatusCode status) => (int)status is 500 or 502 or 503 or 504;

    /// <summary>Whether another attempt may get another answer. A POST that failed for good, such as a sandbox that does not start, is not repeated.</summary>
    public static bool IsTransient(HttpMethod method, ApiFailure failure) => IsTransient(failure.StatusCode) && (
        method != HttpMethod.Post || (int)failure.StatusCode is 502 or 504 || failure is { StatusCode: HttpStatusCode.ServiceUnavailable, RetryAfter: not null });

    /// <summary>The server does at this moment what an earlier attempt asked for: its answer is to be had soon.</summary>
    public static bool IsUnderWay(ApiFailure failure) => failure is { StatusCode: HttpStatusCode.Conflict, Code: "request_in_progress" };

    /// <summary>The pause before the answer of an earlier attempt is asked for; the request's own time limit ends the asking.</summary>
    public TimeSpan Soon(TimeSpan? retryAfter) => retryAfter is { } asked && asked < options.MaxRetryDelay ? asked : options.RetryDelay;
}
