using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Resources;
using Xunit;

namespace Atoll.Unit.Resources;

public sealed class OutOfMemoryKillsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-oom-").FullName;
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly string _file;
    private readonly SandboxCgroups _cgroups;

    public OutOfMemoryKillsTests()
    {
        _cgroups = new SandboxCgroups(new CgroupOptions { Root = "test" }, new CgroupMounts(CgroupVersion.V2, new Dictionary<string, string>(), _directory));
        _file = Path.Combine(Directory.CreateDirectory(Path.Combine(_directory, "test", _id.Value)).FullName, "memory.events");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void They_are_counted()
    {
        File.WriteAllText(_file, "oom 3\noom_kill 2\n");
        Assert.Equal(2, _cgroups.OutOfMemoryKills(_id));
    }

    /// <summary>Reading this file at its beginning fails, as that of a cgroup does while it is being removed.</summary>
    [Fact]
    public void There_are_none_in_a_cgroup_that_goes_away_while_it_is_read()
    {
        File.CreateSymbolicLink(_file, "/proc/self/mem");
        Assert.Equal(0, _cgroups.OutOfMemoryKills(_id));
    }

    [Fact]
    public void There_are_none_in_a_cgroup_that_is_gone()
    {
        Directory.Delete(Path.GetDirectoryName(_file)!);
        Assert.Equal(0, _cgroups.OutOfMemoryKills(_id));
    }
}
