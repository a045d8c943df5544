using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Idempotency;

/// <summary>
/// Remembers what users' requests with an Idempotency-Key were answered, so that a repeated one is answered and not done again.
/// Of one user it keeps the newest; see <see cref="Kept"/>, <see cref="MostRequests"/>, <see cref="MostBytes"/>.
/// </summary>
public interface IRequestMemory
{
    /// <summary>How long a request is remembered.</summary>
    static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Requests remembered of one user; beyond them the oldest are forgotten.</summary>
    const int MostRequests = 10_000;

    /// <summary>Bytes of answers remembered of one user; beyond them the oldest are forgotten.</summary>
    const long MostBytes = 64L << 20;

    /// <summary>Bytes of one answer; a longer one is not remembered, as if the request had failed.</summary>
    const int MostBytesOfOne = 256 << 10;

    /// <summary>
    /// Claims a request for the caller. What is <see cref="RequestClaim.Yours"/> is durable when this returns, and must be given
    /// to <see cref="EndAsync"/>. <see cref="FaultCode.NoCapacity"/> when the disk has no room to remember it.
    /// </summary>
    /// <param name="key">What the client calls it; each user's keys are its own.</param>
    /// <param name="print">A digest of all that the request says.</param>
    /// <param name="makesRoom">Without room it is claimed all the same, and not remembered: it may be what makes room.</param>
    Task<RequestClaim> ClaimAsync(UserId user, string key, ReadOnlyMemory<byte> print, bool makesRoom);

    /// <summary>Ends a claim. Durable when this returns, unless the disk has no room: then it is as if there were no answer.</summary>
    /// <param name="answer">Null when a repeated request shall be tried anew.</param>
    Task EndAsync(UserId user, string key, RequestAnswer? answer);
}

/// <summary>What becomes of a request with a key, closed.</summary>
public abstract record RequestClaim
{
    private RequestClaim()
    {
    }

    /// <summary>It is to be done now.</summary>
    public sealed record Yours(Operation Operation) : RequestClaim;

    /// <summary>It was done.</summary>
    public sealed record Answered(RequestAnswer Answer) : RequestClaim;

    /// <summary>The key was used for a request that says something else.</summary>
    public sealed record OtherRequest : RequestClaim;

    /// <summary>It is being done at this moment.</summary>
    public sealed record UnderWay : RequestClaim;
}

/// <summary>The parts of an HTTP answer that are given again.</summary>
public sealed record RequestAnswer(int Status, string? ContentType, string? Location, ReadOnlyMemory<byte> Body);
