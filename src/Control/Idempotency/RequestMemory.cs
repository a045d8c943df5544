using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Tenancy;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Idempotency;

/// <summary>
/// Remembers requests in the store, and which are under way in this process.
/// <code>
///   claim: stored with the operation's id, no answer --> done --> answer stored
///            |  the server dies, or the answer is none to keep
///            +--> claimed again: same operation, a repeat
/// </code>
/// </summary>
internal sealed partial class RequestMemory(RequestStore store, AnswerSeal seal, TimeProvider time, ILogger<RequestMemory> log) : IRequestMemory
{
    private readonly ConcurrentDictionary<(UserId User, string Key), byte[]> _underWay = new();

    public async Task<RequestClaim> ClaimAsync(UserId user, string key, ReadOnlyMemory<byte> print, bool makesRoom)
    {
        byte[] said = print.ToArray();
        if (!_underWay.TryAdd((user, key), said))
        {
            return _underWay.TryGetValue((user, key), out byte[]? other) && !said.AsSpan().SequenceEqual(other)
                ? new RequestClaim.OtherRequest()
                : new RequestClaim.UnderWay();
        }

        RequestClaim? claim = null;
        try
        {
            claim = await ClaimStoredAsync(user, key, said, makesRoom);
        }
        finally
        {
            if (claim is not RequestClaim.Yours)
            {
                _underWay.TryRemove((user, key), out _);
            }
        }

        return claim;
    }

    public async Task EndAsync(UserId user, string key, RequestAnswer? answer)
    {
        try
        {
            if (answer is { Body.Length: <= IRequestMemory.MostBytesOfOne } && _underWay.TryGetValue((user, key), out byte[]? print))
            {
                await store.SetAnswerAsync(user, Hash(key), seal.Seal(answer, user.Value, print));
            }
        }
        catch (Exception e)
        {
            // It was done: that is what the client must hear. Repeated, it is found to be done.
            LogNotStored(e);
        }
        finally
        {
            _underWay.TryRemove((user, key), out _);
        }
    }

    private async Task<RequestClaim> ClaimStoredAsync(UserId user, string key, byte[] print, bool makesRoom)
    {
        DateTimeOffset now = time.Now();
        var wanted = new RequestRow
        {
            Owner = user.Value, Key = Hash(key), Print = print, Operation = Ulid.New(now), At = now.ToUnixTimeMilliseconds(),
        };
        RequestRow found;
        try
        {
            found = await store.FindOrInsertAsync(wanted, now - IRequestMemory.Kept);
        }
        catch (Exception e) when (Database.IsOutOfRoom(e))
        {
            return makesRoom
                ? new RequestClaim.Yours(new Operation(wanted.Operation, IsRepeat: false))
                : throw new FaultException(new Fault(FaultCode.NoCapacity, "the server's disk is full: try again when sandboxes have ended"), e);
        }

        if (!found.Print.AsSpan().SequenceEqual(print))
        {
            return new RequestClaim.OtherRequest();
        }

        return found.Answer is { } sealedAnswer && seal.Open(sealedAnswer, user.Value, print) is { } answer
            ? new RequestClaim.Answered(answer)
            : new RequestClaim.Yours(new Operation(found.Operation, IsRepeat: found != wanted));
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    [LoggerMessage(Level = LogLevel.Error, Message = "an answer could not be remembered")]
    private partial void LogNotStored(Exception e);
}
