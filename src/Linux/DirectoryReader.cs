using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Reads the names in an open directory, a buffer at a time, without "." and ".." (getdents64(2)).</summary>
public sealed unsafe partial class DirectoryReader(Descriptor directory, int bufferSize = 8 * 1024) : IDisposable
{
    private const int LengthOffset = 16;
    private const int NameOffset = 19;
    private readonly byte[] _buffer = new byte[bufferSize];
    private int _start;
    private int _end;

    public Descriptor Directory { get; } = directory;

    /// <summary>The next name; null at the end. Names made or removed meanwhile may or may not come.</summary>
    /// <exception cref="SyscallException">The directory cannot be read.</exception>
    public KernelPath? Next()
    {
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = Fill();
                if (_end == 0)
                {
                    return null;
                }
            }

            ReadOnlySpan<byte> record = _buffer.AsSpan(_start.._end);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(record[LengthOffset..]);
            ReadOnlySpan<byte> name = record[NameOffset..length];
            name = name[..name.IndexOf((byte)0)];
            _start += length;
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                return new KernelPath(name);
            }
        }
    }

    /// <summary>Begins again, seeing the directory as it is now.</summary>
    public void Rewind()
    {
        (_start, _end) = (0, 0);
        if (lseek(Directory.Number, 0, 0) != 0)
        {
            throw SyscallException.Last("lseek", Directory.ToString());
        }
    }

    public void Dispose() => Directory.Dispose();

    private int Fill()
    {
        fixed (byte* buffer = _buffer)
        {
            nint count = getdents64(Directory.Number, buffer, (nuint)_buffer.Length);
            if (count >= 0)
            {
                return (int)count;
            }
        }

        // A directory that was removed while open has nothing in it.
        return SyscallException.LastError == Errno.ENOENT ? 0 : throw SyscallException.Last("getdents64", Directory.ToString());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int directory, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int directory, long offset, int whence);
}
