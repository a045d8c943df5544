using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Wakes a thread that waits in epoll, from another thread (eventfd(2)).</summary>
public sealed partial class EventSignal : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;

    public EventSignal()
    {
        int number = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        Descriptor = number >= 0 ? new Descriptor(number) : throw SyscallException.Last("eventfd", "");
    }

    /// <summary>Readable once raised, until cleared.</summary>
    public Descriptor Descriptor { get; }

    // Fails only when the counter is full, and then it is raised already.
    public void Raise() => eventfd_write(Descriptor.Number, 1);

    public void Clear() => eventfd_read(Descriptor.Number, out _);

    public void Dispose() => Descriptor.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd_write(int fd, ulong value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd_read(int fd, out ulong value);
}
