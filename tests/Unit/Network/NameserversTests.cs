using System.Net;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Unit.Network;

public sealed class NameserversTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("nameserver 1.1.1.1\nnameserver\t9.9.9.9 # quad\r\n", "1.1.1.1 9.9.9.9")]
    [InlineData("search x.org\n# nameserver 1.1.1.1\n;nameserver 2.2.2.2\nnameservers 3.3.3.3\n", "")]
    [InlineData("nameserver 127.0.0.53\nnameserver ::1\nnameserver 2001:db8::1\nnameserver 0.0.0.0\n", "")]
    [InlineData("nameserver 1.1.1.1\nnameserver 1.1.1.1\nnameserver x\nnameserver\n", "1.1.1.1")]
    [InlineData("nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n", "1.0.0.1 1.0.0.2 1.0.0.3")]
    public void Servers_that_a_sandbox_can_reach_are_found(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', Nameservers.Parse(text)));

    [Fact]
    public void Behind_a_resolver_on_loopback_its_own_servers_are_taken()
    {
        Assert.Equal([IPAddress.Parse("8.8.8.8")], Nameservers.Choose("nameserver 127.0.0.53\n", "nameserver 8.8.8.8\n"));
        Assert.Equal([IPAddress.Parse("1.1.1.1")], Nameservers.Choose("nameserver 1.1.1.1\n", "nameserver 8.8.8.8\n"));
    }
}
