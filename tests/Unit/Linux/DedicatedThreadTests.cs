using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Linux;

public sealed class DedicatedThreadTests
{
    [Fact]
    public async Task The_action_runs_on_a_thread_that_is_not_of_the_pool()
    {
        Assert.False(DedicatedThread.Run(() => Thread.CurrentThread.IsThreadPoolThread));
        Assert.False(await DedicatedThread.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread));
    }

    [Fact]
    public async Task An_exception_of_the_action_reaches_the_caller_as_it_is()
    {
        static int Fail() => throw new SyscallException("mount", "/x", Errno.EBUSY);

        var thrown = Assert.Throws<SyscallException>(() => DedicatedThread.Run(Fail));
        Assert.Contains(nameof(Fail), thrown.StackTrace);
        await Assert.ThrowsAsync<SyscallException>(() => DedicatedThread.RunAsync(Fail));
    }

    [Fact]
    public void A_failed_call_is_named_with_its_subject_and_error()
    {
        var e = new SyscallException("mount", "/x", Errno.EBUSY);
        Assert.Equal(Errno.EBUSY, e.Error);
        Assert.StartsWith("mount(/x): EBUSY (", e.Message);
    }
}
