using System.Runtime.CompilerServices;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Events;

/// <summary>Events as those who may read them see them.</summary>
internal sealed class OwnedEvents(EventStore store, EventPulse pulse, SandboxStore sandboxes) : IEvents
{
    private const int FollowedAtOnce = 100;

    public Task<EventPage> ListAsync(Caller caller, EventQuery query, CancellationToken cancellation)
    {
        if (query.Limit is < 1 or > EventQuery.MaxLimit)
        {
            throw Fault.Invalid("limit", $"limit must be 1 to {EventQuery.MaxLimit}").AsException();
        }

        CheckSandbox(caller, query.Filter);
        return Task.FromResult(store.List(ScopeOf(caller), query));
    }

    public IAsyncEnumerable<EventNews> FollowAsync(Caller caller, EventFilter filter, long? since, CancellationToken cancellation)
    {
        CheckSandbox(caller, filter);
        return FollowAsync(pulse.Subscribe(caller, ScopeOf(caller)), filter, since, cancellation);
    }

    private async IAsyncEnumerable<EventNews> FollowAsync(
        EventPulse.Subscription subscription, EventFilter filter, long? since, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using (subscription)
        {
            long newest = store.List(subscription.Owner, new EventQuery { Filter = filter, Descending = true, Limit = 1 }).Newest;
            long seen = Math.Min(since ?? newest, newest);
            yield return new EventNews.Began(seen);
            while (true)
            {
                EventPage page = store.List(subscription.Owner, new EventQuery { Filter = filter, Since = seen, Limit = FollowedAtOnce });
                if (seen > 0 && seen + 1 < page.Oldest)
                {
                    yield return new EventNews.Dropped(seen + 1, page.Oldest - 1);
                }

                foreach (LoggedEvent happened in page.Events)
                {
                    yield return new EventNews.Happened(happened);
                }

                seen = page.HasMore ? page.Events[^1].Sequence : page.Newest;
                if (!page.HasMore)
                {
                    await subscription.WaitAsync(cancellation);
                }
            }
        }
    }

    /// <summary>Null for those who may read everybody's.</summary>
    private static UserId? ScopeOf(Caller caller) => caller.IsAdmin ? null : caller.User.Id;

    private void CheckSandbox(Caller caller, EventFilter filter)
    {
        if (filter.Sandbox is not { } id)
        {
            return;
        }

        UserId? scope = ScopeOf(caller);
        bool known = sandboxes.Find(id) is { } sandbox
            ? scope is null || sandbox.Owner == scope
            : store.List(scope, new EventQuery { Filter = new EventFilter { Sandbox = id }, Limit = 1 }).Events.Count > 0;
        if (!known)
        {
            throw Fault.NotFound("sandbox", id.Value).AsException();
        }
    }
}
