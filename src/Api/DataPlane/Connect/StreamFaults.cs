using Atoll.Domain;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Says the faults of a stream in the words of a service.</summary>
internal static class StreamFaults
{
    /// <param name="say">Null for a fault that keeps its own words.</param>
    public static async IAsyncEnumerable<T> Saying<T>(this IAsyncEnumerable<T> source, Func<FaultException, ConnectException?> say)
    {
        await using IAsyncEnumerator<T> items = source.GetAsyncEnumerator();
        while (await NextAsync(items, say))
        {
            yield return items.Current;
        }
    }

    private static async ValueTask<bool> NextAsync<T>(IAsyncEnumerator<T> items, Func<FaultException, ConnectException?> say)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (FaultException e) when (say(e) is { } said)
        {
            throw said;
        }
    }
}
