using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;

namespace Atoll.Unit.Api;

/// <summary>Tells whoever follows what a test puts in.</summary>
internal sealed class EventsDouble : IEvents
{
    public Channel<EventNews> News { get; } = Channel.CreateUnbounded<EventNews>();

    public Task<EventPage> ListAsync(Caller caller, EventQuery query, CancellationToken cancellation) =>
        Task.FromResult(new EventPage([], false, 1, 0));

    public async IAsyncEnumerable<EventNews> FollowAsync(
        Caller caller, EventFilter filter, long? since, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new EventNews.Began(since ?? 0);
        await foreach (EventNews news in News.Reader.ReadAllAsync(cancellation))
        {
            yield return news;
        }
    }
}
