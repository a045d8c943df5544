namespace Atoll.Domain.Idempotency;

/// <summary>
/// What a client wants done once, though it may ask several times under one Idempotency-Key. Ports learn of it from
/// <see cref="Tenancy.Caller.Operation"/>.
/// </summary>
/// <param name="Id">A ULID, durable before anything is done and the same in each attempt: new things take their ids from it.</param>
/// <param name="IsRepeat">An earlier attempt was begun, and how it ended is not known: what it has done already is answered, not done again.</param>
public sealed record Operation(string Id, bool IsRepeat)
{
    /// <summary>The ULID of the n-th thing that this operation makes, the same in each attempt; the first, 0, has its own.</summary>
    public string UlidOf(int ordinal) => ordinal == 0 ? Id : Ulid.Derive(Id, ordinal);
}
