using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Tenancy;

/// <summary>How often callers may come. Of each budget a burst may be used at once; it fills again at the rate. A rate of 0 is no limit.</summary>
public sealed record RateLimitOptions
{
    /// <summary>Calls that make sandboxes, by one key.</summary>
    public int Creates { get; init; } = 100;

    /// <summary>Other calls of the control plane, by one key.</summary>
    public int Calls { get; init; } = 1000;

    /// <summary>Calls without a key that is known, of one client address.</summary>
    public int Anonymous { get; init; } = 50;

    /// <summary>The time that a rate is for.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many periods' worth may be used at once.</summary>
    public int Burst { get; init; } = 10;
}

/// <summary>Marks a route that makes sandboxes: it has a budget of its own.</summary>
internal sealed class CreatingRoute;

/// <summary>
/// Token buckets for the control plane: two for each key, one for the address of who has none. Addresses share a fixed number
/// of buckets, and what is full again is forgotten, so that nobody makes them grow.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private const int AddressSlots = 4096;
    private readonly RateLimitOptions _options;
    private readonly PartitionedRateLimiter<string> _calls, _creates, _anonymous;

    public RateLimits(ApiOptions options)
    {
        _options = options.RateLimits;
        _calls = Limiter(_options.Calls);
        _creates = Limiter(_options.Creates);
        _anonymous = Limiter(_options.Anonymous);
    }

    /// <summary>Takes one call off its budget, and has the answer say what is left of it.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.RateLimited"/>.</exception>
    public void Charge(HttpContext http)
    {
        if (http.Features.Get<Caller>() is not { } caller)
        {
            Charge(http, _anonymous, _options.Anonymous, SlotOf(http.Connection.RemoteIpAddress));
        }
        else if (http.GetEndpoint()?.Metadata.GetMetadata<CreatingRoute>() is not null)
        {
            Charge(http, _creates, _options.Creates, caller.Key ?? caller.User.Id.Value);
        }
        else
        {
            Charge(http, _calls, _options.Calls, caller.Key ?? caller.User.Id.Value);
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _creates.Dispose();
        _anonymous.Dispose();
    }

    private void Charge(HttpContext http, PartitionedRateLimiter<string> limiter, int rate, string partition)
    {
        if (rate == 0)
        {
            return;
        }

        using RateLimitLease lease = limiter.AttemptAcquire(partition);
        long left = limiter.GetStatistics(partition)?.CurrentAvailablePermits ?? 0;
        long limit = (long)rate * _options.Burst;
        double untilFull = Math.Ceiling((limit - left) / (double)rate) * _options.Period.TotalSeconds;
        TimeSpan? wait = lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : _options.Period;
        http.Response.OnStarting(() =>
        {
            IHeaderDictionary headers = http.Response.Headers;
            headers["ratelimit-limit"] = limit.ToString(CultureInfo.InvariantCulture);
            headers["ratelimit-remaining"] = left.ToString(CultureInfo.InvariantCulture);
            headers["ratelimit-reset"] = Seconds(untilFull);
            if (wait is { } time)
            {
                headers.RetryAfter = Seconds(Math.Max(1, time.TotalSeconds));
            }

            return Task.CompletedTask;
        });
        if (wait is not null)
        {
            throw new Fault(
                FaultCode.RateLimited, $"too many requests: at most {rate} in {_options.Period.TotalSeconds:0.###} s; wait as long as Retry-After says").AsException();
        }
    }

    private PartitionedRateLimiter<string> Limiter(int rate) => PartitionedRateLimiter.Create<string, string>(partition =>
        RateLimitPartition.GetTokenBucketLimiter(partition, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(1, rate) * _options.Burst,
            TokensPerPeriod = Math.Max(1, rate),
            ReplenishmentPeriod = _options.Period,
            QueueLimit = 0,
        }));

    private static string Seconds(double seconds) => Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture);

    // Of version 6, whoever has an address has all of its /64.
    private static string SlotOf(IPAddress? address)
    {
        ReadOnlySpan<byte> bytes = address is null ? [] : address.AddressFamily is AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6
            ? address.GetAddressBytes().AsSpan(0, 8)
            : address.MapToIPv4().GetAddressBytes();
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        return ((uint)hash.ToHashCode() % AddressSlots).ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>Holds callers to their budgets. Behind authentication, which charges by itself whoever it does not know.</summary>
internal sealed class RateLimiting(RequestDelegate next, RateLimits limits)
{
    public Task InvokeAsync(HttpContext http)
    {
        limits.Charge(http);
        return next(http);
    }
}
