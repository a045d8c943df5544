namespace Atoll.Linux;

/// <summary>
/// Runs what blocks in the kernel for long, such as mounting and copying, on a few threads of its own: in numbers it
/// would take all threads of the pool, and with them every other request.
/// </summary>
/// <param name="atOnce">How many run at once; the others wait for their turn without a thread.</param>
public sealed class BlockingWork(int atOnce)
{
    private readonly SemaphoreSlim _turns = new(atOnce);

    /// <param name="cancellation">Gives up the wait for a turn; work that has begun is finished.</param>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation = default)
    {
        await _turns.WaitAsync(cancellation);
        try
        {
            return await DedicatedThread.RunAsync(work);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action work, CancellationToken cancellation = default) => RunAsync(
        () =>
        {
            work();
            return true;
        },
        cancellation);
}
