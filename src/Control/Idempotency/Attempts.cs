using System.Collections.Concurrent;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Idempotency;

/// <summary>
/// Work that goes on when who asked for it goes away, by its operation: a repeated request waits for the end of the attempt
/// that is under way instead of beginning another. Without an operation everything is done at once.
/// </summary>
internal sealed class Attempts<T>
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> _underWay = new();

    /// <param name="perform">Looks by itself for what an earlier attempt, which has ended, made already.</param>
    public Task<T> JoinAsync(Caller caller, Func<Task<T>> perform) => caller.Operation is { } operation
        ? _underWay.GetOrAdd(operation.Id, id => new Lazy<Task<T>>(() => RunAsync(id, perform))).Value
        : perform();

    private async Task<T> RunAsync(string operation, Func<Task<T>> perform)
    {
        // What ends at once must not end before it is in the table.
        await Task.Yield();
        try
        {
            return await perform();
        }
        finally
        {
            _underWay.TryRemove(operation, out _);
        }
    }
}
