using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>What a descriptor is ready for (epoll_ctl(2)).</summary>
[Flags]
public enum EpollEvents : uint
{
    None = 0,
    EPOLLIN = 0x1,
    EPOLLOUT = 0x4,
    EPOLLERR = 0x8,
    EPOLLHUP = 0x10,
    EPOLLRDHUP = 0x2000,
}

/// <summary>Waits for many descriptors at once, level-triggered (epoll(7)).</summary>
public sealed unsafe partial class Epoll : IDisposable
{
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const int EPOLL_CTL_MOD = 3;

    // struct epoll_event is packed on x86-64 and naturally aligned everywhere else.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly Descriptor _descriptor;
    private readonly byte[] _events;

    public Epoll(int maxEvents)
    {
        int number = epoll_create1(EPOLL_CLOEXEC);
        _descriptor = number >= 0 ? new Descriptor(number) : throw SyscallException.Last("epoll_create1", "");
        _events = new byte[maxEvents * EventSize];
    }

    public void Add(Descriptor descriptor, EpollEvents events) => Control(EPOLL_CTL_ADD, descriptor, events);

    public void Change(Descriptor descriptor, EpollEvents events) => Control(EPOLL_CTL_MOD, descriptor, events);

    public void Remove(Descriptor descriptor) => Control(EPOLL_CTL_DEL, descriptor, EpollEvents.None);

    /// <summary>Waits for at least one event.</summary>
    /// <param name="timeoutMilliseconds">-1 for no limit.</param>
    /// <returns>How many can be read with <see cref="this"/>; 0 when the time ran out or a signal came.</returns>
    public int Wait(int timeoutMilliseconds)
    {
        int count;
        fixed (byte* events = _events)
        {
            count = epoll_wait(_descriptor.Number, events, _events.Length / EventSize, timeoutMilliseconds);
        }

        if (count >= 0)
        {
            return count;
        }

        return SyscallException.LastError == Errno.EINTR ? 0 : throw SyscallException.Last("epoll_wait", "");
    }

    /// <summary>One event of the last wait.</summary>
    public (int Descriptor, EpollEvents Events) this[int index]
    {
        get
        {
            Span<byte> record = _events.AsSpan(index * EventSize, EventSize);
            return (
                MemoryMarshal.Read<int>(record[(EventSize - sizeof(ulong))..]),
                (EpollEvents)MemoryMarshal.Read<uint>(record));
        }
    }

    public void Dispose() => _descriptor.Dispose();

    private void Control(int operation, Descriptor descriptor, EpollEvents events)
    {
        byte* record = stackalloc byte[16];
        Unsafe.WriteUnaligned(record, (uint)events);
        Unsafe.WriteUnaligned(record + EventSize - sizeof(ulong), (ulong)descriptor.Number);
        if (epoll_ctl(_descriptor.Number, operation, descriptor.Number, record) != 0)
        {
            throw SyscallException.Last("epoll_ctl", descriptor.ToString());
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* record);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int maxEvents, int timeout);
}
