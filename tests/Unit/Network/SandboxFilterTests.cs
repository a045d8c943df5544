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
        Assert.Equal("ip daddr { 10.0.0.53, 1.1.1.1 } udp dport 53 accept", lines[1]);
        Assert.Equal("ip daddr { 10.0.0.53, 1.1.1.1 } tcp dport 53 accept", lines[2]);
        Assert.StartsWith("ip daddr { 0.0.0.0/8, 10.0.0.0/8,", lines[3]);
        Assert.EndsWith("drop", lines[3]);
        Assert.Equal("accept", lines[4]);
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

    [Fact]
    public void Chains_of_others_that_refuse_to_forward_are_found()
    {
        const string Chains = """
            table ip filter {
            	chain FORWARD {
            		type filter hook forward priority filter; policy drop;
            	}
            	chain INPUT {
            		type filter hook input priority filter; policy drop;
            	}
            }
            table inet atoll {
            	chain forward {
            		type filter hook forward priority filter; policy drop;
            	}
            }
            table inet mine {
            	chain fwd2 {
            		type filter hook forward priority 5; policy accept;
            	}
            }
            """;
        Assert.Equal(["ip filter FORWARD"], SandboxFilter.ForeignForwardDrops(Chains, "atoll"));
    }

    private static string[] Chain(string text, string name) =>
        [.. text.Split('\n', StringSplitOptions.TrimEntries).SkipWhile(line => line != $"chain {name} {{").Skip(1).TakeWhile(line => line != "}")];
}
