using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>
/// Acts as another user on a throwaway thread. The raw system calls change the credentials of the calling thread only
/// (the C library's wrappers would change all threads), so the thread is never used for anything else and ends with it.
/// </summary>
public static partial class Credentials
{
    private const int StackSize = 256 * 1024;

    /// <summary>The number of the user that started this process.</summary>
    public static uint RealUser => getuid();

    public static uint RealGroup => getgid();

    /// <summary>Runs <paramref name="action"/> as a user and waits for it. What it starts keeps those credentials.</summary>
    public static T RunAs<T>(uint user, uint group, IReadOnlyList<uint> supplementaryGroups, Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    Become(user, group, supplementaryGroups);
                    result = action();
                }
                catch (Exception e)
                {
                    failure = e;
                }
            },
            StackSize);
        thread.Start();
        thread.Join();
        return failure is null ? result : throw failure;
    }

    private static unsafe void Become(uint user, uint group, IReadOnlyList<uint> supplementaryGroups)
    {
        bool x64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        uint[] groups = [.. supplementaryGroups];
        fixed (uint* pointer = groups)
        {
            Check(syscall(x64 ? 116 : 159, (nuint)groups.Length, (nuint)pointer, 0), "setgroups");
        }

        Check(syscall(x64 ? 119 : 149, group, group, group), "setresgid");
        Check(syscall(x64 ? 117 : 147, user, user, user), "setresuid");

        void Check(nint result, string call)
        {
            if (result != 0)
            {
                throw SyscallException.Last(call, $"uid {user} gid {group}");
            }
        }
    }

    [LibraryImport("libc")]
    private static partial uint getuid();

    [LibraryImport("libc")]
    private static partial uint getgid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nuint a, nuint b, nuint c);
}
