using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Linux;

public sealed class NamespacesTests
{
    private const string Setting = "/proc/sys/net/core/rmem_default";

    [Fact]
    public async Task Without_proc_sys_net_a_child_does_not_see_it_and_the_host_does()
    {
        string listing = await Namespaces.RunWithoutProcSysNetAsync(() => string.Join(' ', Directory.EnumerateFileSystemEntries("/proc/sys/net")));
        Assert.Equal("", listing);
        Assert.True(File.Exists(Setting));
        Assert.DoesNotContain(MountTable.Read(), mount => mount.Target == "/proc/sys/net");
    }

    [Fact]
    public async Task What_the_thread_entered_does_not_stay_behind()
    {
        string before = NetNamespace();
        string inside = await DedicatedThread.RunAsync(() =>
        {
            Namespaces.Unshare(CloneFlags.CLONE_NEWNET);
            return NetNamespace();
        });
        Assert.NotEqual(before, inside);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(before, await Task.Run(NetNamespace));
            Assert.Equal(before, DedicatedThread.Run(NetNamespace));
        }
    }

    [Fact]
    public async Task No_thread_of_the_pool_inherits_what_a_dedicated_thread_entered()
    {
        string before = NetNamespace();
        ThreadPool.GetMinThreads(out int workers, out int io);
        ThreadPool.SetMinThreads(64, io);
        try
        {
            // Each result occupies a thread of the pool for a while, so that each next one makes the pool grow.
            await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
            {
                await DedicatedThread.RunAsync(() =>
                {
                    Namespaces.Unshare(CloneFlags.CLONE_NEWNET);
                    return true;
                });
                Thread.Sleep(100);
                Assert.Equal(before, NetNamespace());
            }));
        }
        finally
        {
            ThreadPool.SetMinThreads(workers, io);
        }
    }

    [Fact]
    public async Task A_namespace_that_is_not_there_is_named()
    {
        var thrown = await Assert.ThrowsAsync<SyscallException>(() => Namespaces.RunInNetAsync("/run/no-such-netns", () => true));
        Assert.Equal(Errno.ENOENT, thrown.Error);
        Assert.Contains("/run/no-such-netns", thrown.Message);
    }

    private static string NetNamespace() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;
}
