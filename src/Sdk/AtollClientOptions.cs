namespace Atoll.Sdk;

/// <summary>Says where a server is, who asks, and how patient the client is.</summary>
public sealed class AtollClientOptions
{
    /// <summary>The server when nothing else is said: <c>http://127.0.0.1:7070</c>.</summary>
    public static readonly Uri DefaultBaseUrl = new("http://127.0.0.1:7070");

    /// <summary>The server's address; a path in it is kept as a prefix of every request.</summary>
    public Uri BaseUrl { get; init; } = DefaultBaseUrl;

    /// <summary>Sent as <c>X-API-Key</c>; null for the few public endpoints.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How long an ordinary request may take, all of its retries included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a create may take that waits for the sandbox to run.</summary>
    public TimeSpan CreateTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a connection attempt may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence on a command's stream, keepalives included, after which it counts as broken and is taken up anew.</summary>
    public TimeSpan StreamIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Further attempts after a network error or a 5xx reply that another attempt may mend. A POST carries an Idempotency-Key,
    /// so that the server does once what it is asked for several times.
    /// </summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>The pause before the first retry. It doubles each time, with jitter, up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between two attempts; a longer <c>Retry-After</c> ends the retrying.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where time comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
