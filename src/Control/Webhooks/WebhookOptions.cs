namespace Atoll.Control.Webhooks;

/// <summary>How webhooks are delivered.</summary>
public sealed record WebhookOptions
{
    /// <summary>Whether addresses may be delivered to that are not public: those of this machine and of its networks.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>How long an attempt may take unless its webhook says otherwise.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A delivery that fails is tried again after this, and then after twice as long each time.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>But not after more than this.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A delivery that is this old is not tried again.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A webhook to which nothing could be delivered for this long is switched off.</summary>
    public TimeSpan DisableAfter { get; init; } = TimeSpan.FromDays(5);

    /// <summary>How long it is also signed with the secret before the present one.</summary>
    public TimeSpan OldSecret { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Attempts at the same time to one host.</summary>
    public int ConcurrentPerHost { get; init; } = 4;

    /// <summary>Attempts at the same time in all.</summary>
    public int Concurrent { get; init; } = 32;

    /// <summary>How long one can be read that has ended.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many of one webhook can be read that have ended, and how many may wait.</summary>
    public int MostPerWebhook { get; init; } = 10_000;
}
