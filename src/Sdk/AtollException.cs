using System.Net;

namespace Atoll.Sdk;

/// <summary>The root of everything that this library throws on purpose.</summary>
public class AtollException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The server could not be reached, or the connection broke.</summary>
public sealed class ConnectionException(Uri server, string message, Exception? inner = null) : AtollException(message, inner)
{
    /// <summary>The server that was asked.</summary>
    public Uri Server { get; } = server;
}

/// <summary>The server did not answer within the time that the options give.</summary>
public sealed class RequestTimeoutException(Uri server, TimeSpan limit)
    : AtollException($"{server} did not answer within {limit.TotalSeconds:0.#} s")
{
    /// <summary>The server that was asked.</summary>
    public Uri Server { get; } = server;

    /// <summary>How long the client waited.</summary>
    public TimeSpan Limit { get; } = limit;
}

/// <summary>The server answered something that is not its protocol: most likely another program listens there.</summary>
public sealed class ProtocolException(string message, Exception? inner = null) : AtollException(message, inner);

/// <summary>A command could not be started or its run was lost, as the server's <c>error</c> event tells.</summary>
public sealed class ExecFailedException(string code, string message) : AtollException(message)
{
    /// <summary>The server's code for the failure.</summary>
    public string Code { get; } = code;
}

/// <summary>The server ended a stream of events for good.</summary>
public sealed class EventsFailedException(string code, string message) : AtollException(message)
{
    /// <summary>The server's code for the failure.</summary>
    public string Code { get; } = code;
}

/// <summary>The data plane ended a stream with an error.</summary>
public sealed class RpcException(string code, string message) : AtollException(message)
{
    /// <summary>The Connect protocol's word for the failure, such as <c>not_found</c>.</summary>
    public string Code { get; } = code;
}

/// <summary>The server refused a request. The subclasses tell the usual kinds apart.</summary>
public class ApiException : AtollException
{
    internal ApiException(ApiFailure failure) : base(failure.Message)
    {
        StatusCode = failure.StatusCode;
        Code = failure.Code;
        Field = failure.Field;
        RequestId = failure.RequestId;
    }

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode StatusCode { get; }

    /// <summary>The server's stable word for the failure; empty when it gave none.</summary>
    public string Code { get; }

    /// <summary>The field of the request that is at fault; null when the server names none.</summary>
    public string? Field { get; }

    /// <summary>Finds the request in the server's log; null when the server gave none.</summary>
    public string? RequestId { get; }

    internal static ApiException From(ApiFailure failure) => (int)failure.StatusCode switch
    {
        400 or 413 or 415 or 422 => new ValidationException(failure),
        401 => new UnauthorizedException(failure),
        403 => new ForbiddenException(failure),
        404 => new NotFoundException(failure),
        409 => new ConflictException(failure),
        429 when failure.Code == "quota_exceeded" => new QuotaExceededException(failure),
        429 => new RateLimitedException(failure),
        >= 500 => new ServerException(failure),
        _ => new ApiException(failure),
    };
}

/// <summary>400, 413, 415, 422: the request is malformed, out of range or too large.</summary>
public sealed class ValidationException : ApiException
{
    internal ValidationException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>401: no key, or one that is unknown or disabled.</summary>
public sealed class UnauthorizedException : ApiException
{
    internal UnauthorizedException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>403: the key is good and may not do this.</summary>
public sealed class ForbiddenException : ApiException
{
    internal ForbiddenException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>404: no such thing, or one of another user.</summary>
public sealed class NotFoundException : ApiException
{
    internal NotFoundException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>409: not possible in the present state, or another operation is under way.</summary>
public sealed class ConflictException : ApiException
{
    internal ConflictException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>429 <c>quota_exceeded</c>: a quota is used up. Waiting does not help; ending things or a larger quota does.</summary>
public sealed class QuotaExceededException : ApiException
{
    internal QuotaExceededException(ApiFailure failure) : base(failure)
    {
    }
}

/// <summary>429: too many requests in a short time.</summary>
public sealed class RateLimitedException : ApiException
{
    internal RateLimitedException(ApiFailure failure) : base(failure) => RetryAfter = failure.RetryAfter;

    /// <summary>When to try again; null when the server did not say.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>5xx: the server failed or has no room.</summary>
public sealed class ServerException : ApiException
{
    internal ServerException(ApiFailure failure) : base(failure) => RetryAfter = failure.RetryAfter;

    /// <summary>When to try again; null when the server did not say.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>What an error reply says, before it becomes an exception.</summary>
internal sealed record ApiFailure(
    HttpStatusCode StatusCode, string Message, string Code, string? Field, string? RequestId, TimeSpan? RetryAfter);
