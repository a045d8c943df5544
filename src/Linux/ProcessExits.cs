using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

/// <summary>
/// Tells when processes end, children or not, any number of them, with one thread in all.
/// <code>
///   WaitAsync --pidfd--> epoll set --readable--> the one thread --> completes the task
/// </code>
/// </summary>
/// <remarks>A process counts as ended when it is a zombie: this does not reap.</remarks>
public static partial class ProcessExits
{
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const uint EPOLLIN = 1;
    private const uint EPOLLONESHOT = 1u << 30;
    private const int Batch = 64;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int TokenOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = TokenOffset + 8;

    private static readonly ConcurrentDictionary<ulong, Waiter> Waiters = new();
    private static readonly Lazy<SafeFileHandle> Poller = new(StartPoller);
    private static ulong _lastToken;

    /// <summary>Completes when the process ends; at once when it is gone, or its pid belongs to a process that started at another time.</summary>
    /// <param name="expectedStartTicks"><see cref="ProcessStat.StartTicks"/> of the process that is meant; null for whichever has the pid now.</param>
    /// <exception cref="SyscallException">No handle on the process could be had.</exception>
    public static Task WaitAsync(int pid, long? expectedStartTicks, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        SafeFileHandle? pidfd = Pidfd.TryOpen(pid);
        if (pidfd is null)
        {
            return Task.CompletedTask;
        }

        // Looked up after the handle was taken: if the times are equal, the handle is on the right process.
        if (expectedStartTicks is { } ticks && ProcessStat.TryRead(pid)?.StartTicks != ticks)
        {
            pidfd.Dispose();
            return Task.CompletedTask;
        }

        return Watch(pidfd, cancellation);
    }

    private static Task Watch(SafeFileHandle pidfd, CancellationToken cancellation)
    {
        SafeFileHandle poller = Poller.Value;
        ulong token = Interlocked.Increment(ref _lastToken);
        var waiter = new Waiter(pidfd);
        Waiters[token] = waiter;

        Span<byte> interest = stackalloc byte[EventBytes];
        interest.Clear();
        BitConverter.TryWriteBytes(interest, EPOLLIN | EPOLLONESHOT);
        BitConverter.TryWriteBytes(interest[TokenOffset..], token);
        if (epoll_ctl(poller, EPOLL_CTL_ADD, pidfd, interest) != 0)
        {
            SyscallException failure = SyscallException.Last("epoll_ctl", "pidfd");
            Waiters.TryRemove(token, out _);
            pidfd.Dispose();
            throw failure;
        }

        if (cancellation.CanBeCanceled)
        {
            CancellationTokenRegistration registration = cancellation.Register(() => End(token, cancellation));
            _ = waiter.Done.Task.ContinueWith(
                (_, state) => ((CancellationTokenRegistration)state!).Unregister(), registration,
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return waiter.Done.Task;
    }

    private static void End(ulong token, CancellationToken cancellation = default)
    {
        if (!Waiters.TryRemove(token, out Waiter? waiter))
        {
            return;
        }

        // Closing it also takes it out of the epoll set.
        waiter.Pidfd.Dispose();
        if (cancellation.IsCancellationRequested)
        {
            waiter.Done.TrySetCanceled(cancellation);
        }
        else
        {
            waiter.Done.TrySetResult();
        }
    }

    private static SafeFileHandle StartPoller()
    {
        SafeFileHandle poller = epoll_create1(EPOLL_CLOEXEC);
        if (poller.IsInvalid)
        {
            throw SyscallException.Last("epoll_create1", "process exits");
        }

        new Thread(() => Poll(poller)) { IsBackground = true, Name = "atoll-exits" }.UnsafeStart();
        return poller;
    }

    private static void Poll(SafeFileHandle poller)
    {
        byte[] events = new byte[Batch * EventBytes];
        while (true)
        {
            int ready = epoll_wait(poller, events, Batch, -1);
            if (ready < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw SyscallException.Last("epoll_wait", "process exits");
            }

            for (int i = 0; i < ready; i++)
            {
                End(BitConverter.ToUInt64(events, (i * EventBytes) + TokenOffset));
            }
        }
    }

    private sealed record Waiter(SafeFileHandle Pidfd)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(SafeFileHandle poller, int operation, SafeFileHandle file, Span<byte> interest);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(SafeFileHandle poller, Span<byte> events, int capacity, int milliseconds);
}
