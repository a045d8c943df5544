using Atoll.Api.Tenancy;

namespace Atoll.Api;

/// <summary>What the HTTP layer needs to know of the installation.</summary>
public sealed record ApiOptions
{
    /// <summary>Host, and port unless it is 443, under which clients reach this server.</summary>
    public string PublicHost { get; set; } = "127.0.0.1:7070";

    /// <summary>
    /// What E2B clients build the addresses of sandboxes with, <c>{port}-{id}.{domain}</c>; null leaves it to the client,
    /// whose own default is E2B's service.
    /// </summary>
    public string? E2bDomain { get; set; }

    /// <summary>The shortest timeout that a ScaleBox client may give (contracts/scalebox.md 1.2).</summary>
    public TimeSpan MinTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The name below which sandboxes have names of their own, which is then that of <see cref="PublicHost"/>; null when they have none.</summary>
    public string? Domain { get; init; }

    /// <summary>The certificate of the installation's own authority, in PEM, for clients to trust.</summary>
    public string AuthorityPem { get; set; } = "";

    /// <summary>How often callers may come.</summary>
    public RateLimitOptions RateLimits { get; init; } = new();

    /// <summary>After this much silence an event stream says that it is still there.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A client that takes nothing from an event stream for this long is disconnected.</summary>
    public TimeSpan StalledReader { get; init; } = TimeSpan.FromMinutes(5);
}
