using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

/// <summary>Block devices over files; loop(4).</summary>
public static partial class LoopDevices
{
    private const uint LOOP_CTL_GET_FREE = 0x4C82;
    private const uint LOOP_CONFIGURE = 0x4C0A;
    private const uint LO_FLAGS_AUTOCLEAR = 4;
    private const int Attempts = 64;

    /// <summary>
    /// Binds a file to a free device that lets go of it by itself when nobody holds or mounts the device any more,
    /// so that a process that dies leaves nothing. The caller mounts it before it disposes the returned handle.
    /// </summary>
    /// <exception cref="SyscallException">With the file or device as subject.</exception>
    public static LoopDevice Attach(string file)
    {
        using SafeFileHandle backing = Files.Open(file, OpenFlags.O_RDWR);
        using SafeFileHandle control = Files.Open("/dev/loop-control", OpenFlags.O_RDWR);
        for (int attempt = 1; ; attempt++)
        {
            int number = ioctl(control, LOOP_CTL_GET_FREE, 0);
            if (number < 0)
            {
                throw SyscallException.Last("LOOP_CTL_GET_FREE", "/dev/loop-control");
            }

            string path = $"/dev/loop{number}";
            SafeFileHandle device = Files.Open(path, OpenFlags.O_RDWR);
            if (Configure(device, backing))
            {
                return new LoopDevice(path, device);
            }

            SyscallException failure = SyscallException.Last("LOOP_CONFIGURE", path);
            device.Dispose();

            // EBUSY: somebody else took it between the two calls.
            if (failure.Error != Errno.EBUSY || attempt == Attempts)
            {
                throw failure;
            }
        }
    }

    // struct loop_config: fd 4, block size 4, struct loop_info64 (232 bytes, its flags at 52), reserved 64.
    private static bool Configure(SafeFileHandle device, SafeFileHandle backing)
    {
        Span<byte> config = stackalloc byte[304];
        config.Clear();
        BitConverter.TryWriteBytes(config, (int)backing.DangerousGetHandle());
        BitConverter.TryWriteBytes(config[4..], 4096);
        BitConverter.TryWriteBytes(config[(8 + 52)..], LO_FLAGS_AUTOCLEAR);
        bool done = ioctl(device, LOOP_CONFIGURE, config) == 0;
        GC.KeepAlive(backing);
        return done;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}

/// <summary>A loop device in use; disposing it closes the handle and, unless it is mounted, frees the device.</summary>
public sealed class LoopDevice(string path, SafeFileHandle handle) : IDisposable
{
    public string Path { get; } = path;

    public void Dispose() => handle.Dispose();
}
