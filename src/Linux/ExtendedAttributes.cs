using System.Runtime.InteropServices;
using System.Text;

namespace Atoll.Linux;

/// <summary>The extended attributes of files, links not followed (xattr(7)). File systems without them have none.</summary>
public static unsafe partial class ExtendedAttributes
{
    private const int MaxSize = 64 * 1024;

    /// <summary>The names that begin with a prefix.</summary>
    public static IReadOnlyList<string> Names(KernelPath path, string prefix)
    {
        fixed (byte* file = path.Terminated)
        {
            nint size = llistxattr(file, null, 0);
            if (size is <= 0 or > MaxSize)
            {
                return [];
            }

            byte[] list = new byte[size];
            fixed (byte* pointer = list)
            {
                size = llistxattr(file, pointer, (nuint)list.Length);
            }

            return size <= 0
                ? []
                : [.. Encoding.UTF8.GetString(list, 0, (int)size).Split('\0').Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    /// <returns>Null when there is none of that name any more.</returns>
    public static byte[]? Get(KernelPath path, string name)
    {
        fixed (byte* file = path.Terminated)
        {
            nint size = lgetxattr(file, name, null, 0);
            if (size is < 0 or > MaxSize)
            {
                return null;
            }

            byte[] value = new byte[size];
            fixed (byte* pointer = value)
            {
                size = lgetxattr(file, name, pointer, (nuint)value.Length);
            }

            return size < 0 ? null : value[..(int)size];
        }
    }

    public static Errno Set(Descriptor file, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = value)
        {
            return fsetxattr(file.Number, name, pointer, (nuint)value.Length, 0) == 0 ? Errno.None : SyscallException.LastError;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(byte* path, string name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fsetxattr(int fd, string name, byte* value, nuint size, int flags);
}
