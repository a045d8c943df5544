namespace Atoll.Domain;

/// <summary>
/// Every way in which a request can fail as expected. Each dialect maps every member to a status and a body;
/// a totality test fails when one is missing.
/// </summary>
public enum FaultCode
{
    /// <summary>A field is malformed or out of range; <see cref="Fault.Field"/> names it.</summary>
    InvalidArgument,

    /// <summary>No credential, or one that is unknown, disabled or expired.</summary>
    Unauthenticated,

    /// <summary>The caller is known and may not do this.</summary>
    Forbidden,

    /// <summary>No such thing, or one that belongs to somebody else: the two are never told apart.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    AlreadyExists,

    /// <summary>Not legal in the sandbox's present state.</summary>
    WrongState,

    /// <summary>Another operation of the same kind is under way.</summary>
    Busy,

    /// <summary>The Idempotency-Key was used for a request that says something else.</summary>
    KeyReused,

    /// <summary>The request of this Idempotency-Key is being done at this moment; retry soon.</summary>
    RequestInProgress,

    /// <summary>The request body is larger than the limit.</summary>
    TooLarge,

    /// <summary>The caller exceeds its quota.</summary>
    QuotaExceeded,

    /// <summary>Too many requests; retry later.</summary>
    RateLimited,

    /// <summary>No region of this name exists.</summary>
    InvalidRegion,

    /// <summary>The wanted region exists and has no node, and the caller insisted on it.</summary>
    LocalityUnsatisfied,

    /// <summary>No room: addresses, memory, disk or sandboxes.</summary>
    NoCapacity,

    /// <summary>The sandbox's agent cannot be reached.</summary>
    AgentUnavailable,

    /// <summary>No program listens on the port of the sandbox.</summary>
    NothingListens,

    /// <summary>A path leads through or to something that is not a directory where one is needed.</summary>
    NotADirectory,

    /// <summary>A path leads to a directory where a file is needed.</summary>
    IsADirectory,

    /// <summary>The sandbox's disk is full.</summary>
    NoSpace,

    /// <summary>The programs in the sandbox keep its memory from being written: a connection in the making, a tunnel device.</summary>
    NotCapturable,

    /// <summary>The image was made by another runtime, or is damaged.</summary>
    IncompatibleImage,

    /// <summary>A wait came to its bound.</summary>
    Timeout,

    /// <summary>Known to the API, not built in this version.</summary>
    NotImplemented,

    /// <summary>A defect or an unexpected failure of the host. The log holds the detail, the reply does not.</summary>
    Internal,
}
