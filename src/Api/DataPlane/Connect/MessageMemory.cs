using Atoll.Domain.Sandboxes;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>
/// Bounds the memory of the large messages that are under way: a message is whole before it is read or sent, and however
/// many clients send or ask for large ones at a time, the server has room for the others.
/// </summary>
internal sealed class MessageMemory
{
    /// <summary>Bytes of all sandboxes' messages together.</summary>
    public const int Most = 128 * 1024 * 1024;

    /// <summary>Bytes of one sandbox's messages together.</summary>
    public const int MostOfOne = 48 * 1024 * 1024;

    /// <summary>Bytes of each message that do not count, so that large ones are not in the way of ordinary ones.</summary>
    public const int Free = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<SandboxId, long> _taken = [];
    private long _all;

    /// <summary>Bytes that are taken now, of all sandboxes.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
            {
                return _all;
            }
        }
    }

    /// <summary>Begins a message; disposing of its place gives back what it took.</summary>
    public Place Begin(SandboxId sandbox) => new(this, sandbox);

    private void Change(SandboxId sandbox, long by)
    {
        long own = _taken.GetValueOrDefault(sandbox);
        if (by > 0 && (own + by > MostOfOne || _all + by > Most))
        {
            throw new ConnectException(
                ConnectCode.ResourceExhausted, "too many large messages are under way: send or ask for less at a time, or try again in a moment");
        }

        _all += by;
        if (own + by == 0)
        {
            _taken.Remove(sandbox);
        }
        else
        {
            _taken[sandbox] = own + by;
        }
    }

    internal sealed class Place(MessageMemory all, SandboxId sandbox) : IDisposable
    {
        private long _counted;
        private bool _ended;

        /// <param name="size">Bytes that the message takes now.</param>
        /// <exception cref="ConnectException"><see cref="ConnectCode.ResourceExhausted"/>: there is no room for more.</exception>
        public void Resize(long size)
        {
            long counted = Math.Max(0, size - Free);
            lock (all._lock)
            {
                ObjectDisposedException.ThrowIf(_ended, this);
                if (counted != _counted)
                {
                    all.Change(sandbox, counted - _counted);
                    _counted = counted;
                }
            }
        }

        public void Dispose()
        {
            lock (all._lock)
            {
                if (!_ended)
                {
                    _ended = true;
                    all.Change(sandbox, -_counted);
                }
            }
        }
    }
}
