using System.CommandLine;
using Atoll.Api.Tenancy;
using Atoll.Domain.Tenancy;

namespace Atoll.Server.Commands;

/// <summary>The options of <c>serve</c> that bound what users may have and how often they may ask.</summary>
internal static class LimitOptions
{
    private static readonly RateLimitOptions Standard = new();

    private static readonly Option<int?> Calls = ServerOptions.Count(
        "--rate-limit", "ATOLL_RATE_LIMIT", $"Calls a second by one key, apart from creates; 0 for no limit; {Standard.Calls} when not given");

    private static readonly Option<int?> Creates = ServerOptions.Count(
        "--create-rate-limit", "ATOLL_CREATE_RATE_LIMIT", $"Sandboxes that one key may ask for in a second; 0 for no limit; {Standard.Creates} when not given");

    private static readonly Option<int?> Anonymous = ServerOptions.Count(
        "--anonymous-rate-limit", "ATOLL_ANONYMOUS_RATE_LIMIT", $"Calls a second without a known key by one address; 0 for no limit; {Standard.Anonymous} when not given");

    private static readonly Option<int?> Sandboxes = ServerOptions.Count(
        "--quota-sandboxes", "ATOLL_QUOTA_SANDBOXES", "Sandboxes of a user that are not over, unless it was given another quota; 1000 when not given");

    private static readonly Option<int?> Cpu = ServerOptions.Count(
        "--quota-cpu", "ATOLL_QUOTA_CPU", "Processors of a user's sandboxes together; no limit when not given");

    private static readonly Option<int?> Memory = ServerOptions.Count(
        "--quota-memory-mb", "ATOLL_QUOTA_MEMORY_MB", "MiB of memory of a user's sandboxes together; no limit when not given");

    private static readonly Option<int?> Storage = ServerOptions.Count(
        "--quota-storage-gb", "ATOLL_QUOTA_STORAGE_GB", "GiB of storage of a user's sandboxes together; no limit when not given");

    public static IReadOnlyList<Option> All { get; } = [Calls, Creates, Anonymous, Sandboxes, Cpu, Memory, Storage];

    public static RateLimitOptions RateLimits(ParseResult parsed) => new()
    {
        Calls = parsed.GetValue(Calls) ?? Standard.Calls,
        Creates = parsed.GetValue(Creates) ?? Standard.Creates,
        Anonymous = parsed.GetValue(Anonymous) ?? Standard.Anonymous,
    };

    public static Quota UserQuota(ParseResult parsed) =>
        new(parsed.GetValue(Sandboxes), parsed.GetValue(Cpu), parsed.GetValue(Memory), parsed.GetValue(Storage));
}
