namespace Atoll.Control.Webhooks;

/// <summary>When a delivery that failed is tried again; pure.</summary>
internal static class RetrySchedule
{
    private const double Spread = 0.2;

    /// <summary>The pause after so many attempts: twice as long each time up to a bound, a fifth more or less.</summary>
    /// <param name="chance">From 0 to 1.</param>
    public static TimeSpan Pause(WebhookOptions options, int attempts, double chance)
    {
        double doubled = options.FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 30));
        return TimeSpan.FromSeconds(Math.Min(doubled, options.LongestRetry.TotalSeconds) * (1 - Spread + (2 * Spread * chance)));
    }

    /// <summary>The moment of the next attempt; null when it is given up.</summary>
    public static DateTimeOffset? Next(WebhookOptions options, int attempts, int maxRetries, DateTimeOffset created, DateTimeOffset now, double chance)
    {
        DateTimeOffset next = now + Pause(options, attempts, chance);
        return attempts > maxRetries || next > created + options.GiveUpAfter ? null : next;
    }
}
