using Atoll.Api.DataPlane.Connect;

namespace Atoll.Api.DataPlane.Files;

/// <summary>
/// Bounds the memory of the lists of directories that are under way, all of them together: a list is one message, which is
/// whole before its first byte is sent, and keeps its place until the client has all of it.
/// </summary>
internal sealed class ListMemory
{
    /// <summary>Bytes of one list; what is longer is asked for in parts.</summary>
    public const int Longest = 32 * 1024 * 1024;

    /// <summary>Bytes of all lists together.</summary>
    public const int Most = 48 * 1024 * 1024;

    /// <summary>Bytes of each list that do not count, so that nobody's large lists are in the way of ordinary ones.</summary>
    public const int Free = 256 * 1024;

    private readonly Lock _lock = new();
    private long _taken;

    /// <summary>Bytes that lists take now, beyond what is free.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
            {
                return _taken;
            }
        }
    }

    /// <summary>Begins a list; disposing of its place gives back what it took.</summary>
    public Place Begin() => new(this);

    internal sealed class Place(ListMemory all) : IDisposable
    {
        private long _size;
        private bool _ended;

        /// <param name="bytes">By how much the list grows.</param>
        /// <exception cref="ConnectException"><see cref="ConnectCode.ResourceExhausted"/>: it is too long, or there are too many.</exception>
        public void Grow(int bytes)
        {
            lock (all._lock)
            {
                if (_size + bytes > Longest)
                {
                    throw new ConnectException(ConnectCode.ResourceExhausted, $"the list is longer than {Longest} bytes: ask for less depth");
                }

                long more = Counted(_size + bytes) - Counted(_size);
                if (_ended || all._taken + more > Most)
                {
                    throw new ConnectException(ConnectCode.ResourceExhausted, "too many long lists are under way: ask for less depth, or try again in a moment");
                }

                _size += bytes;
                all._taken += more;
            }
        }

        public void Dispose()
        {
            lock (all._lock)
            {
                all._taken -= _ended ? 0 : Counted(_size);
                _ended = true;
            }
        }

        private static long Counted(long size) => Math.Max(0, size - Free);
    }
}
