using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>How a call can fail, in the words of the Connect protocol.</summary>
internal enum ConnectCode
{
    Canceled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// <summary>What each code is called and which HTTP status goes with it, and which code each fault is.</summary>
internal static class ConnectCodes
{
    public static string Word(this ConnectCode code) => Row(code).Word;

    /// <summary>The status of a unary reply that failed so. Streams answer 200 and tell the code at their end.</summary>
    public static int Status(this ConnectCode code) => Row(code).Status;

    public static ConnectCode Of(FaultCode code) => code switch
    {
        FaultCode.InvalidArgument => ConnectCode.InvalidArgument,
        FaultCode.Unauthenticated => ConnectCode.Unauthenticated,
        FaultCode.Forbidden => ConnectCode.PermissionDenied,
        FaultCode.NotFound => ConnectCode.NotFound,
        FaultCode.AlreadyExists => ConnectCode.AlreadyExists,
        FaultCode.WrongState => ConnectCode.FailedPrecondition,
        FaultCode.Busy or FaultCode.RequestInProgress => ConnectCode.Aborted,
        FaultCode.KeyReused => ConnectCode.InvalidArgument,
        FaultCode.TooLarge => ConnectCode.ResourceExhausted,
        FaultCode.QuotaExceeded => ConnectCode.ResourceExhausted,
        FaultCode.RateLimited => ConnectCode.ResourceExhausted,
        FaultCode.InvalidRegion => ConnectCode.InvalidArgument,
        FaultCode.LocalityUnsatisfied => ConnectCode.FailedPrecondition,
        FaultCode.NoCapacity => ConnectCode.ResourceExhausted,
        FaultCode.AgentUnavailable => ConnectCode.Unavailable,
        FaultCode.NothingListens => ConnectCode.Unavailable,
        FaultCode.NotADirectory => ConnectCode.InvalidArgument,
        FaultCode.IsADirectory => ConnectCode.InvalidArgument,
        FaultCode.NoSpace => ConnectCode.ResourceExhausted,
        FaultCode.NotCapturable or FaultCode.IncompatibleImage => ConnectCode.FailedPrecondition,
        FaultCode.Timeout => ConnectCode.DeadlineExceeded,
        FaultCode.NotImplemented => ConnectCode.Unimplemented,
        FaultCode.Internal => ConnectCode.Internal,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no code in the Connect protocol"),
    };

    private static (string Word, int Status) Row(ConnectCode code) => code switch
    {
        ConnectCode.Canceled => ("canceled", 499),
        ConnectCode.Unknown => ("unknown", 500),
        ConnectCode.InvalidArgument => ("invalid_argument", 400),
        ConnectCode.DeadlineExceeded => ("deadline_exceeded", 504),
        ConnectCode.NotFound => ("not_found", 404),
        ConnectCode.AlreadyExists => ("already_exists", 409),
        ConnectCode.PermissionDenied => ("permission_denied", 403),
        ConnectCode.ResourceExhausted => ("resource_exhausted", 429),
        ConnectCode.FailedPrecondition => ("failed_precondition", 400),
        ConnectCode.Aborted => ("aborted", 409),
        ConnectCode.OutOfRange => ("out_of_range", 400),
        ConnectCode.Unimplemented => ("unimplemented", 501),
        ConnectCode.Internal => ("internal", 500),
        ConnectCode.Unavailable => ("unavailable", 503),
        ConnectCode.DataLoss => ("data_loss", 500),
        ConnectCode.Unauthenticated => ("unauthenticated", StatusCodes.Status401Unauthorized),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not a code of the Connect protocol"),
    };
}
