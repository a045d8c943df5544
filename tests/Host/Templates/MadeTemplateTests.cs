using Atoll.Host.Runtimes;
using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Templates;

/// <summary>A real root of a real sandbox: what is in it, and what is not.</summary>
[Collection(GVisorCollection.Name)]
public sealed class MadeTemplateTests(MadeTemplate made) : IClassFixture<MadeTemplate>
{
    [Theory]
    [InlineData("cat /root/plain", "plain")]
    [InlineData("readlink /root/soft; stat -c '%u %g' /root/soft", "plain\n1000 1000")]
    [InlineData("[ /root/hard -ef /root/plain ] && stat -c %h /root/hard", "2")]
    [InlineData("stat -c '%a %u' /root/powerful", "4755 0")]
    [InlineData("cat $'/root/new\\nline'", "lines")]
    [InlineData("stat -c %F /root/fifo", "fifo")]
    [InlineData("readlink /srv/absolute; cat /srv/absolute/file; stat -c %F /srv/real", "/srv/real\nthrough\ndirectory")]
    [InlineData("readlink /srv/climbing", "../../../../../../../../etc/passwd")]
    [InlineData("stat -c '%a %U' /workspace /home/user /root", "777 user\n755 user\n700 root")]
    [InlineData("ls -d /usr/share /usr/include 2>/dev/null | wc -l", "0")]
    public async Task A_sandbox_of_it_has_what_the_first_one_had(string command, string expected) =>
        Assert.Equal((expected, expected), (await made.InSourceAsync(command), await made.InCopyAsync(command)));

    [Theory]
    [InlineData("hostname")]
    [InlineData("cat /etc/hostname")]
    [InlineData("cat /etc/machine-id")]
    [InlineData("cat /etc/hosts")]
    [InlineData("cat /etc/resolv.conf")]
    public async Task A_sandbox_of_it_is_not_the_first_one(string sign)
    {
        string first = await made.InSourceAsync(sign);
        string second = await made.InCopyAsync(sign);

        Assert.NotEqual(first, second);
        Assert.NotEqual("", second);
        Assert.DoesNotContain("source", second);
    }

    [Theory]
    [InlineData("cat /tmp/temporary")]
    [InlineData("cat /run/fleeting")]
    [InlineData("cat /etc/ssh/ssh_host_rsa_key")]
    public async Task What_belongs_to_one_sandbox_stays_there(string command)
    {
        Assert.Equal("of-the-source", await made.InSourceAsync(command));
        Assert.Contains("No such file", await made.InCopyAsync(command));
    }

    // In a sandbox gVisor of 2024 shows no attributes of files that come from the root.
    [Fact]
    public void Attributes_of_files_are_in_it() =>
        Assert.Equal("blue"u8, ExtendedAttributes.Get(new KernelPath(made.RootPath + "/root/plain"), "user.kind")!);

    [Fact]
    public async Task There_is_no_device_in_it() => Assert.Equal("", await made.InCopyAsync("find / -xdev -type b -o -xdev -type c"));

    [Fact]
    public async Task The_first_one_goes_on_and_has_no_process_of_it_left()
    {
        Assert.Equal("here", await made.InSourceAsync("echo here"));
        Assert.DoesNotContain(await made.Agent.ListAsync(RootSource.Soon()), process => process.Arguments[0] == "tar");
    }
}
