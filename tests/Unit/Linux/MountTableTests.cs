using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Linux;

public sealed class MountTableTests
{
    [Fact]
    public void Optional_fields_and_escapes_are_understood()
    {
        MountEntry mount = Assert.Single(MountTable.Parse(
            "36 35 98:0 /mnt1 /mnt\\040two rw,noatime shared:1 master:2 - ext3 /dev/root\\134x rw,errors=continue\n"));
        Assert.Equal("/mnt1", mount.Root);
        Assert.Equal("/mnt two", mount.Target);
        Assert.Equal("ext3", mount.Type);
        Assert.Equal("/dev/root\\x", mount.Source);
        Assert.Equal(["rw", "errors=continue"], mount.SuperOptions);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense\n")]
    [InlineData("36 35 98:0 / /mnt rw -\n")]
    [InlineData("36 35 98:0 / /mnt rw ext3 /dev/root rw\n")]
    public void Text_in_another_format_gives_nothing(string text) => Assert.Empty(MountTable.Parse(text));

    [Fact]
    public void The_mounts_of_this_process_have_a_root() => Assert.Contains(MountTable.Read(), mount => mount.Target == "/");
}
