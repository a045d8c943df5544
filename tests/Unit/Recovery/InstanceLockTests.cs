using System.Diagnostics;
using Atoll.Node.Recovery;
using Xunit;

namespace Atoll.Unit.Recovery;

/// <summary>The other holder is flock(1): if it and the lock exclude each other, so do two servers.</summary>
public sealed class InstanceLockTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-lock-").FullName;

    private string File => Path.Combine(_directory, "lock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_another_process_holds_is_refused_with_the_remedy_and_free_once_that_process_was_killed()
    {
        using Process holder = Flock("sh", "-c", "echo held; exec cat");
        try
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync().WaitAsync(s_patience));

            IOException refused = Assert.Throws<IOException>(() => InstanceLock.Take(_directory));
            Assert.Contains($"another Atoll server runs on this machine as this instance ({File} is locked)", refused.Message);
            Assert.Contains("--instance", refused.Message);
        }
        finally
        {
            holder.Kill();
            await holder.WaitForExitAsync().WaitAsync(s_patience);
        }

        InstanceLock.Take(_directory).Dispose();
    }

    [Fact]
    public async Task What_this_process_holds_is_refused_to_another_until_it_is_given_back()
    {
        using (InstanceLock.Take(_directory))
        {
            Assert.Equal(1, await CodeOfAsync(Flock("true")));
        }

        Assert.Equal(0, await CodeOfAsync(Flock("true")));
    }

    [Fact]
    public void The_same_process_cannot_take_it_twice()
    {
        using InstanceLock first = InstanceLock.Take(_directory);

        Assert.Throws<IOException>(() => InstanceLock.Take(_directory));
    }

    /// <summary>Runs a command that holds the lock until it ends; 1 when the lock is taken. Ends with its input at the latest.</summary>
    private Process Flock(params string[] command) => Process.Start(
        new ProcessStartInfo("flock", ["--nonblock", "--no-fork", File, .. command]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private static async Task<int> CodeOfAsync(Process process)
    {
        using (process)
        {
            await process.WaitForExitAsync().WaitAsync(s_patience);
            return process.ExitCode;
        }
    }
}
