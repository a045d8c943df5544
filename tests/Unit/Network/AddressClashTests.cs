using System.Net;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Unit.Network;

public sealed class AddressClashTests
{
    private static readonly NetworkOptions Options = new() { Pool = IPNetwork.Parse("10.171.0.0/16") };

    [Theory]
    [InlineData("eth0", "10.171.4.0/24", true)]
    [InlineData("tun0", "10.0.0.0/8", true)]
    [InlineData("eth0", "10.171.9.9/32", true)]
    [InlineData("eth0", "10.172.0.0/16", false)]
    [InlineData("eth0", "0.0.0.0/0", false)]
    [InlineData("tun0", "0.0.0.0/1", false)]
    [InlineData("atl17", "10.171.0.68/30", false)]
    [InlineData("atx17", "10.171.0.68/30", false)]
    public void What_uses_addresses_of_the_pool_is_found_unless_it_is_a_sandboxs(string link, string network, bool clashes) =>
        Assert.Equal(clashes, AddressClash.Find([new UsedNetwork(link, IPNetwork.Parse(network))], Options) is not null);

    [Fact]
    public void Routes_are_read_from_the_kernels_table()
    {
        const string Text = """
            Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
            eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
            eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
            br-1	0000AB0A	00000000	0001	0	0	0	0000FFFF	0	0	0

            """;

        Assert.Equal(
            ["eth0 0.0.0.0/0", "eth0 192.0.2.0/24", "br-1 10.171.0.0/16"],
            AddressClash.Routes(Text).Select(route => $"{route.Link} {route.Network}"));
    }
}
