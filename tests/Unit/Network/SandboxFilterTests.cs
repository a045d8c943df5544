using System.Net;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Unit.Network;

public sealed class SandboxFilterTests
{
    private static readonly NetworkOptions Options = new();

    [Fact]
    public void The_table_replaces_itself_and_names_no_other()
    {
        string text = SandboxFilter.Text(Options, []);
        Assert.StartsWith("table inet atoll\ndelete table inet atoll\n", text);
        Assert.DoesNotContain("flush ruleset", text);
        Assert.All(
            text.Split('\n').Where(line => line.Contains("table")), line => Assert.Contains("table inet atoll", line));
    }

    [Fact]
    public void Name_service_is_open_before_private_ranges_are_closed()
    {
        string[] lines = Chain(SandboxFilter.Text(Options, [IPAddress.Parse("10.0.0.53"), IPAddress.Parse("1.1.1.1")]), "from_sandbox");
        Assert.Equal("oifname \"atl*\" drop", lines[0]);
        Assert.Equal("ct state new add @connections { ip saddr ct count over 4096 } drop", lines[1]);
        Assert.Equal("ip daddr { 10.0.0.53, 1.1.1.1 } udp dport 53 accept", lines[2]);
        Assert.Equal("ip daddr { 10.0.0.53, 1.1.1.1 } tcp dport 53 accept", lines[3]);
        Assert.StartsWith("ip daddr { 0.0.0.0/8, 10.0.0.0/8,", lines[4]);
        Assert.EndsWith("drop", lines[4]);
        Assert.Equal("accept", lines[5]);
    }

    [Fact]
    public void Without_nameservers_nothing_private_is_open() =>
        Assert.DoesNotContain("dport", SandboxFilter.Text(Options, []));

    [Fact]
    public void Offline_links_forward_nothing_either_way()
    {
        string[] lines = Chain(SandboxFilter.Text(Options, []), "forward");
        Assert.Equal(["iifname \"atx*\" drop", "oifname \"atx*\" drop"], lines[1..3]);
    }

    [Fact]
    public void Other_names_and_another_pool_are_used_throughout()
    {
        string text = SandboxFilter.Text(
            Options with { InterfacePrefix = "zz", Table = "other", Pool = IPNetwork.Parse("10.9.0.0/24") }, []);
        Assert.All(["atl", "atx", "atoll", "10.171"], ours => Assert.DoesNotContain(ours, text));
        Assert.Contains("ip saddr 10.9.0.0/24 masquerade", text);
    }

    [Theory]
    [InlineData("168.63.129.16/32")]
    [InlineData("192.0.0.0/24")]
    [InlineData("169.254.0.0/16")]
    [InlineData("100.64.0.0/10")]
    public void Addresses_of_cloud_services_and_protocols_are_closed(string range) =>
        Assert.Contains($" {range}", Chain(SandboxFilter.Text(Options, []), "from_sandbox").Single(line => line.StartsWith("ip daddr", StringComparison.Ordinal)));

    private static string[] Chain(string text, string name) =>
        [.. text.Split('\n', StringSplitOptions.TrimEntries).SkipWhile(line => line != $"chain {name} {{").Skip(1).TakeWhile(line => line != "}")];
}
