using System.Threading.Channels;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Events;

/// <summary>
/// Wakes whoever follows events when one of theirs is committed. Holds no event: a follower reads them from the store at its
/// own pace, so that a slow one costs no memory.
/// </summary>
internal sealed class EventPulse : IDisposable
{
    internal const int MaxPerUser = 32;

    private readonly Database _database;
    private readonly Lock _lock = new();
    private readonly HashSet<Subscription> _subscriptions = [];

    // Touched by the store's writer only.
    private readonly HashSet<UserId> _appended = [];

    public EventPulse(Database database)
    {
        _database = database;
        _database.Committed += Beat;
    }

    /// <summary>To be called by the work that writes an event: whoever follows is woken once it is on disk.</summary>
    public void Appended(UserId owner) => _appended.Add(owner);

    /// <param name="owner">Whose events; null for everybody's.</param>
    /// <exception cref="FaultException"><see cref="FaultCode.RateLimited"/> when the caller has too many.</exception>
    public Subscription Subscribe(Caller caller, UserId? owner)
    {
        lock (_lock)
        {
            if (_subscriptions.Count(other => other.Caller == caller.User.Id) >= MaxPerUser)
            {
                throw new Fault(
                    FaultCode.RateLimited, $"you follow {MaxPerUser} event streams already, the most at once: close one first").AsException();
            }

            var subscription = new Subscription(this, caller.User.Id, owner);
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    public void Dispose() => _database.Committed -= Beat;

    private void Beat()
    {
        if (_appended.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            foreach (Subscription subscription in _subscriptions.Where(one => one.Owner is not { } owner || _appended.Contains(owner)))
            {
                subscription.Wake();
            }
        }

        _appended.Clear();
    }

    /// <summary>One follower; remembers at most that there is something new.</summary>
    internal sealed class Subscription(EventPulse pulse, UserId caller, UserId? owner) : IDisposable
    {
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public UserId Caller => caller;

        public UserId? Owner => owner;

        public void Wake() => _news.Writer.TryWrite(true);

        /// <summary>Completes when something was committed since the last time.</summary>
        public async Task WaitAsync(CancellationToken cancellation) => await _news.Reader.ReadAsync(cancellation);

        public void Dispose()
        {
            lock (pulse._lock)
            {
                pulse._subscriptions.Remove(this);
            }
        }
    }
}
