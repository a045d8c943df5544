using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>What is watched, and what has happened, in the kernel's spelling.</summary>
[Flags]
public enum InotifyMask : uint
{
    None = 0,
    IN_MODIFY = 0x2,
    IN_ATTRIB = 0x4,
    IN_CLOSE_WRITE = 0x8,
    IN_MOVED_FROM = 0x40,
    IN_MOVED_TO = 0x80,
    IN_CREATE = 0x100,
    IN_DELETE = 0x200,
    IN_UNMOUNT = 0x2000,
    IN_Q_OVERFLOW = 0x4000,
    IN_IGNORED = 0x8000,
    IN_ONLYDIR = 0x1000000,
    IN_DONT_FOLLOW = 0x2000000,
    IN_EXCL_UNLINK = 0x4000000,
    IN_ISDIR = 0x40000000,
}

/// <summary>One event of a watched directory.</summary>
/// <param name="Watch">The number that <see cref="Inotify.Add"/> gave; -1 for an overflow.</param>
/// <param name="Cookie">The same for both names of one rename.</param>
/// <param name="Name">In the directory; empty for the directory itself.</param>
public readonly record struct InotifyEvent(int Watch, InotifyMask Mask, uint Cookie, KernelPath Name);

/// <summary>Tells what happens in directories (inotify(7)).</summary>
public sealed unsafe partial class Inotify : IDisposable
{
    private const int HeaderSize = 16;
    private const int IN_NONBLOCK = 0x800;
    private const int IN_CLOEXEC = 0x80000;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    public Inotify()
    {
        int number = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        Descriptor = number >= 0 ? new Descriptor(number) : throw SyscallException.Last("inotify_init1", "");
    }

    /// <summary>Readable when there are events.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Whether events were read that <see cref="Next"/> has not given yet.</summary>
    public bool HasMore => _start < _end;

    /// <summary>Watches a directory that is open.</summary>
    /// <returns>Its number, the same for each name of one directory; or -1 with <paramref name="error"/>.</returns>
    public int Add(Descriptor directory, InotifyMask mask, out Errno error)
    {
        int watch = inotify_add_watch(Descriptor.Number, $"/proc/self/fd/{directory.Number}", (uint)mask);
        error = watch >= 0 ? Errno.None : SyscallException.LastError;
        return watch;
    }

    /// <summary>Ends a watch; its <see cref="InotifyMask.IN_IGNORED"/> still comes.</summary>
    public void Remove(int watch) => inotify_rm_watch(Descriptor.Number, watch);

    /// <summary>The next event; null when there is none now.</summary>
    public InotifyEvent? Next()
    {
        if (_start == _end)
        {
            _start = 0;
            _end = Math.Max(0, DescriptorCalls.Read(Descriptor, _buffer));
            if (_end == 0)
            {
                return null;
            }
        }

        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start.._end);
        int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        _start += HeaderSize + length;
        return new InotifyEvent(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            (InotifyMask)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            new KernelPath(bytes.Slice(HeaderSize, length).TrimEnd((byte)0)));
    }

    public void Dispose() => Descriptor.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int fd, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int fd, int watch);
}
