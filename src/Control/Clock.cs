namespace Atoll.Control;

/// <summary>Moments as the store keeps them: whole milliseconds, so that a record reads back as it was written.</summary>
internal static class Clock
{
    public static DateTimeOffset Now(this TimeProvider time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}
