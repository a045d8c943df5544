using System.Diagnostics;
using Atoll.Domain.Sandboxes;
using Atoll.Host.Linux;
using Atoll.Linux;
using Atoll.Node.Resources;
using Xunit;

namespace Atoll.Host.Resources;

/// <summary>Real cgroups under a root of their own, on whichever version this machine has.</summary>
public sealed class SandboxCgroupsTests : IAsyncLifetime
{
    private static readonly CgroupMounts Here = CgroupMounts.Read();
    private static readonly SandboxResources Resources = new(CpuCount: 2, MemoryMb: 128, StorageGb: 1);
    private readonly CgroupOptions _options = new() { Root = $"atoll-test-{Environment.ProcessId}", RuntimeOverheadMb = 16 };
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly List<Process> _started = [];
    private readonly SandboxCgroups _cgroups;

    public SandboxCgroupsTests() => _cgroups = new SandboxCgroups(_options, Here);

    public Task InitializeAsync()
    {
        _cgroups.Prepare();
        _cgroups.Make(_id, Resources);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _cgroups.RemoveAsync(_id);
        foreach (Process process in _started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        IEnumerable<string> mounts = Here.V1.Values.Append(Here.V2).OfType<string>().Distinct();
        foreach (Cgroup root in mounts.Select(mount => new Cgroup(Path.Combine(mount, _options.Root))))
        {
            bool empty = !root.Exists || !Directory.EnumerateDirectories(root.Path).Any();
            Assert.True(root.TryRemove());
            Assert.True(empty, $"something was left in {root.Path}");
        }
    }

    private string[] Directories() =>
        [.. Here.V1.Values.Append(Here.V2).OfType<string>().Distinct().Select(mount => mount + _cgroups.PathFor(_id)).Where(Directory.Exists)];

    /// <summary>Runs a shell command in the sandbox's cgroups.</summary>
    private Process Run(string command)
    {
        string join = string.Concat(Directories().Select(directory => $"echo $$ > {directory}/cgroup.procs && "));
        Process process = Commands.Start("sh", "-c", join + $"{{ {command}; }}");
        _started.Add(process);
        return process;
    }

    private string Read(string controller, string file) =>
        new Cgroup((Here.Version == CgroupVersion.V2 ? Here.V2 : Here.V1[controller]) + _cgroups.PathFor(_id)).Read(file);

    [Fact]
    public void The_limits_are_read_back_from_the_kernel()
    {
        const string Memory = "150994944"; // (128 + 16) MiB
        bool v2 = Here.Version == CgroupVersion.V2;
        Assert.Equal(Memory, Read("memory", v2 ? "memory.max" : "memory.limit_in_bytes"));
        Assert.Equal("4096", Read("pids", "pids.max"));
        Assert.Equal(v2 ? "200000 100000" : "200000", Read("cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us"));
    }

    [Fact]
    public void Made_again_it_takes_the_new_limits()
    {
        _cgroups.Make(_id, Resources with { MemoryMb = 256 });
        Assert.Equal("285212672", Read("memory", Here.Version == CgroupVersion.V2 ? "memory.max" : "memory.limit_in_bytes"));
    }

    [Fact]
    public void A_limit_that_is_refused_leaves_nothing()
    {
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        var cgroups = new SandboxCgroups(_options with { MaxTasks = -5 }, Here);
        var thrown = Assert.ThrowsAny<IOException>(() => cgroups.Make(id, Resources));
        Assert.Contains("pids.max", thrown.Message);
        Assert.All(Directories(), directory => Assert.False(Directory.Exists(Path.Combine(Path.GetDirectoryName(directory)!, id.Value))));
    }

    [Fact]
    public async Task A_process_that_takes_more_memory_than_allowed_is_killed()
    {
        Process hog = Run("exec tail /dev/zero");
        await hog.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Assert.Equal(128 + Signals.SIGKILL, hog.ExitCode);
    }

    [Fact]
    public async Task Kill_ends_every_process_and_can_be_repeated()
    {
        Process shell = Run("for i in 1 2 3 4 5; do setsid sleep 600 & done; trap '' TERM INT HUP; sleep 600; sleep 600");
        await ReachAsync(() => _cgroups.Pids(_id).Count == 7);
        await _cgroups.KillAsync(_id);
        Assert.Empty(_cgroups.Pids(_id));
        await shell.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        await _cgroups.KillAsync(_id);
    }

    [Fact]
    public async Task Processes_that_keep_forking_are_killed_too()
    {
        Run("while :; do (while :; do (:); done) & sleep 0.01; done");
        await ReachAsync(() => _cgroups.Pids(_id).Count > 20);
        await _cgroups.KillAsync(_id);
        Assert.Empty(_cgroups.Pids(_id));
    }

    [Fact]
    public async Task Remove_kills_what_is_in_it_and_can_be_repeated()
    {
        Process sleeper = Run("exec sleep 600");
        await ReachAsync(() => _cgroups.Pids(_id).Count == 1);
        await _cgroups.RemoveAsync(_id);
        Assert.Empty(Directories());
        Assert.Equal(128 + Signals.SIGKILL, await ExitCodeAsync(sleeper));
        await _cgroups.RemoveAsync(_id);
    }

    [Fact]
    public async Task Remove_takes_with_it_what_the_runtime_made_beside_and_below()
    {
        if (Here.V1.TryGetValue("cpuset", out string? cpuset))
        {
            new Cgroup(cpuset + _cgroups.PathFor(_id)).Create();
        }

        string below = Path.Combine(Directories()[0], "below");
        Directory.CreateDirectory(below);
        await new SandboxCgroups(_options, CgroupMounts.Read()).RemoveAsync(_id);
        Assert.Empty(Directories());
    }

    [Fact]
    public async Task On_version_2_one_write_kills_all()
    {
        // The tree of version 2 can kill without any controller, so that hybrid machines can try it as well.
        Assert.NotNull(Here.V2);
        var mounts = new CgroupMounts(CgroupVersion.V2, new Dictionary<string, string>(), Here.V2);
        var cgroups = new SandboxCgroups(_options, mounts);
        var cgroup = new Cgroup(Here.V2 + cgroups.PathFor(_id));
        try
        {
            cgroup.Create();
            Run("sleep 600 & sleep 600 & wait");
            await ReachAsync(() => cgroups.Pids(_id).Count == 3);
            await cgroups.KillAsync(_id);
            Assert.Empty(cgroups.Pids(_id));
        }
        finally
        {
            await cgroups.RemoveAsync(_id);
        }

        Assert.False(cgroup.Exists);
    }

    [Fact]
    public void No_controller_is_missing_here() => Assert.Empty(_cgroups.MissingControllers());

    private static async Task<int> ExitCodeAsync(Process process)
    {
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        return process.ExitCode;
    }

    private static async Task ReachAsync(Func<bool> state)
    {
        var limit = Stopwatch.StartNew();
        while (!state())
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), "the processes of the test did not come up");
            await Task.Delay(10);
        }
    }
}
