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
}
