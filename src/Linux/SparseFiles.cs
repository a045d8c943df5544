using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

/// <summary>Copies files without filling their holes: by sharing extents where the file system can, else data only.</summary>
public static partial class SparseFiles
{
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const uint FICLONE = 0x40049409;

    /// <summary>Makes <paramref name="target"/>, which must not exist, equal to <paramref name="source"/>.</summary>
    /// <returns>The bytes that were really copied; 0 when the extents are shared.</returns>
    /// <exception cref="SyscallException">EEXIST, ENOSPC and whatever else the calls say.</exception>
    public static long Copy(string source, string target)
    {
        using SafeFileHandle from = Files.Open(source, OpenFlags.O_RDONLY);
        using SafeFileHandle to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (ioctl(to, FICLONE, from) == 0)
        {
            return 0;
        }

        long length = RandomAccess.GetLength(from);
        RandomAccess.SetLength(to, length);
        long copied = 0;
        for (long at = 0; at < length;)
        {
            long start = lseek(from, at, SEEK_DATA);
            if (start < 0)
            {
                // ENXIO: only a hole is left.
                return (Errno)Marshal.GetLastPInvokeError() == Errno.ENXIO ? copied : throw SyscallException.Last("lseek", source);
            }

            long end = lseek(from, start, SEEK_HOLE);
            if (end < 0)
            {
                throw SyscallException.Last("lseek", source);
            }

            CopyRange(from, to, start, end, target);
            copied += end - start;
            at = end;
        }

        return copied;
    }

    private static void CopyRange(SafeFileHandle from, SafeFileHandle to, long start, long end, string target)
    {
        while (start < end)
        {
            long sourceOffset = start;
            long targetOffset = start;
            long copied = copy_file_range(from, ref sourceOffset, to, ref targetOffset, (nuint)(end - start), 0);
            if (copied < 0 && (Errno)Marshal.GetLastPInvokeError() is Errno.EXDEV or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP)
            {
                copied = CopyBytes(from, to, start, end);
            }

            if (copied <= 0)
            {
                throw SyscallException.Last("copy_file_range", target);
            }

            start += copied;
        }
    }

    private static long CopyBytes(SafeFileHandle from, SafeFileHandle to, long start, long end)
    {
        byte[] buffer = new byte[Math.Min(1 << 20, end - start)];
        int read = RandomAccess.Read(from, buffer, start);
        RandomAccess.Write(to, buffer.AsSpan(0, read), start);
        return read;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, SafeFileHandle argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long copy_file_range(
        SafeFileHandle from, ref long fromOffset, SafeFileHandle to, ref long toOffset, nuint length, uint flags);
}
