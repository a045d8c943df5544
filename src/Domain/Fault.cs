namespace Atoll.Domain;

/// <summary>An expected failure: what went wrong, in which field, and in words that say how to mend it.</summary>
/// <param name="Code">The kind of failure; decides the status in every dialect.</param>
/// <param name="Message">One sentence for the user, with the remedy. Holds no secret.</param>
/// <param name="Field">The field of the request that is at fault, in the caller's own spelling; null when none is.</param>
public sealed record Fault(FaultCode Code, string Message, string? Field = null)
{
    public static Fault Invalid(string field, string message) => new(FaultCode.InvalidArgument, message, field);

    public static Fault NotFound(string noun, string id) => new(FaultCode.NotFound, $"{noun} '{id}' not found");

    public FaultException AsException() => new(this);
}

/// <summary>Carries a <see cref="Fault"/> from a port to the edge of the process, where the dialect renders it.</summary>
public sealed class FaultException(Fault fault, Exception? inner = null) : Exception(fault.Message, inner)
{
    public Fault Fault { get; } = fault;
}
