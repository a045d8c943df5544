using System.Runtime.InteropServices;
using System.Text;

namespace Atoll.Linux;

/// <summary>What to start: an absolute path, its arguments and environment, and where its output goes.</summary>
public sealed record SpawnRequest(
    string Path, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment, string WorkingDirectory,
    Descriptor Input, Descriptor Output, Descriptor Error)
{
    /// <summary>
    /// When given, the path of a terminal that the new process opens in place of the three descriptors. As it leads a
    /// session, the terminal becomes the one that controls it.
    /// </summary>
    public string? Terminal { get; init; }
}

/// <summary>
/// Starts processes without fork (posix_spawn(3)): in a session of their own, with every signal at its default and
/// none blocked, and with no descriptors but the three given.
/// </summary>
public static unsafe partial class Spawn
{
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;

    // Larger than the C library's structs: posix_spawn_file_actions_t 80, posix_spawnattr_t 336, sigset_t 128 bytes.
    private const int OpaqueSize = 512;

    /// <summary>Starts a process and returns once the kernel has accepted the exec.</summary>
    /// <returns>The error of chdir or exec; <see cref="Errno.None"/> with a pid when it runs.</returns>
    public static Errno Start(SpawnRequest request, out int pid)
    {
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* actions = stackalloc byte[OpaqueSize];
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        try
        {
            SetAttributes(attributes);
            Check(posix_spawn_file_actions_addchdir_np(actions, request.WorkingDirectory), "addchdir_np");
            SetStreams(actions, request);
            using var arguments = new StringVector(request.Arguments);
            using var environment = new StringVector(request.Environment);
            int child;
            Errno error = (Errno)posix_spawn(&child, request.Path, actions, attributes, arguments.Pointer, environment.Pointer);
            pid = error == Errno.None ? child : 0;
            return error;
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
        }
    }

    private static void SetStreams(byte* actions, SpawnRequest request)
    {
        if (request.Terminal is { } terminal)
        {
            const int O_RDWR = 2;
            Check(posix_spawn_file_actions_addopen(actions, 0, terminal, O_RDWR, 0), "addopen");
            Check(posix_spawn_file_actions_adddup2(actions, 0, 1), "adddup2");
            Check(posix_spawn_file_actions_adddup2(actions, 0, 2), "adddup2");
            return;
        }

        Check(posix_spawn_file_actions_adddup2(actions, request.Input.Number, 0), "adddup2");
        Check(posix_spawn_file_actions_adddup2(actions, request.Output.Number, 1), "adddup2");
        Check(posix_spawn_file_actions_adddup2(actions, request.Error.Number, 2), "adddup2");
    }

    private static void SetAttributes(byte* attributes)
    {
        byte* set = stackalloc byte[OpaqueSize];
        Check(sigemptyset(set), "sigemptyset");
        Check(posix_spawnattr_setsigmask(attributes, set), "setsigmask");

        // Filled by hand: sigfillset leaves out the two that the C library keeps for itself, which posix_spawn then ignores.
        new Span<byte>(set, OpaqueSize).Fill(0xFF);
        Check(posix_spawnattr_setsigdefault(attributes, set), "setsigdefault");
        Check(
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID),
            "setflags");
    }

    private static void Check(int error, string call)
    {
        if (error != 0)
        {
            throw new SyscallException(call, "", (Errno)error);
        }
    }

    /// <summary>A NULL-terminated array of C strings in one native block.</summary>
    private readonly struct StringVector : IDisposable
    {
        private readonly void* _block;

        public StringVector(IReadOnlyList<string> strings)
        {
            int pointers = (strings.Count + 1) * sizeof(byte*);
            int size = pointers;
            foreach (string text in strings)
            {
                size = checked(size + Encoding.UTF8.GetByteCount(text) + 1);
            }

            _block = NativeMemory.Alloc((nuint)size);
            byte** slot = (byte**)_block;
            var rest = new Span<byte>((byte*)_block + pointers, size - pointers);
            foreach (string text in strings)
            {
                *slot++ = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(rest));
                int length = Encoding.UTF8.GetBytes(text, rest);
                rest[length] = 0;
                rest = rest[(length + 1)..];
            }

            *slot = null;
        }

        public byte** Pointer => (byte**)_block;

        public void Dispose() => NativeMemory.Free(_block);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* set);
}
