using Atoll.Agent.Files;
using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class GuestPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("//a///b/", "/a/b")]
    [InlineData("/a/./b/.", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/../../etc/passwd", "/etc/passwd")]
    [InlineData("/a/b/../../..", "/")]
    [InlineData("/a/...", "/a/...")]
    [InlineData("/home/user/~/x", "/home/user/~/x")]
    public void Empty_parts_and_dots_are_taken_out_of_the_text(string path, string expected) =>
        Assert.Equal(expected, GuestPaths.Clean(path));

    [Theory]
    [InlineData("/", "/", "")]
    [InlineData("/a", "/", "a")]
    [InlineData("/a/b c", "/a", "b c")]
    public void A_path_has_a_parent_and_a_name(string text, string parent, string name)
    {
        var path = new GuestPath(text, new UserEntry("root", 0, 0, "/root", "", []));
        Assert.Equal((parent, name), (path.Parent, path.Name));
    }

    [Theory]
    [InlineData(".0123456789abcdef.atoll-c", true, true)]
    [InlineData(".0123456789abcdef.atoll-w", true, false)]
    [InlineData(".0123456789abcdeF.atoll-w", false, false)]
    [InlineData(".0123456789abcde.atoll-c", false, true)]
    [InlineData("x0123456789abcdef.atoll-c", false, true)]
    [InlineData(".atoll-c", false, true)]
    [InlineData("", false, false)]
    public void Names_of_temporary_files_are_known(string name, bool expected, bool isNew)
    {
        Assert.Equal(expected, Replacement.IsTemporary(new KernelPath(name).Bytes, out bool said));
        Assert.Equal(isNew, said);
    }
}
