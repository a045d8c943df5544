namespace Atoll.Control.Webhooks;

/// <summary>Bounds how many attempts are under way, in all and to one host, so that a slow host holds up only its own.</summary>
internal sealed class HostSlots(int perHost, int inAll) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Host> _hosts = [];
    private readonly SemaphoreSlim _all = new(inAll);

    /// <summary>Waits for a turn; disposing of the result gives it back.</summary>
    public async Task<IDisposable> EnterAsync(string host, CancellationToken cancellation)
    {
        Host turns = Use(host);
        bool entered = false;
        try
        {
            await turns.Turns.WaitAsync(cancellation);
            entered = true;
            await _all.WaitAsync(cancellation);
            return new Slot(() => Leave(host, turns, all: true, entered: true));
        }
        catch
        {
            Leave(host, turns, all: false, entered);
            throw;
        }
    }

    public void Dispose() => _all.Dispose();

    private Host Use(string host)
    {
        lock (_lock)
        {
            if (!_hosts.TryGetValue(host, out Host? turns))
            {
                _hosts[host] = turns = new Host(new SemaphoreSlim(perHost));
            }

            turns.Users++;
            return turns;
        }
    }

    private void Leave(string host, Host turns, bool all, bool entered)
    {
        if (all)
        {
            _all.Release();
        }

        if (entered)
        {
            turns.Turns.Release();
        }

        lock (_lock)
        {
            if (--turns.Users == 0)
            {
                _hosts.Remove(host);
                turns.Turns.Dispose();
            }
        }
    }

    private sealed class Host(SemaphoreSlim turns)
    {
        public SemaphoreSlim Turns => turns;

        public int Users { get; set; }
    }

    private sealed class Slot(Action leave) : IDisposable
    {
        private Action? _leave = leave;

        public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
