using System.Net;
using Atoll.Domain;
using Atoll.Node;
using Xunit;

namespace Atoll.Unit.Nodes;

public sealed class NodeOptionsTests
{
    private static readonly NodeOptions Standard = new();

    [Fact]
    public void What_is_the_standard_and_the_limits_of_each_option_are_accepted()
    {
        Standard.Validate();
        (Standard with { Instance = "a" + new string('-', 31), InterfacePrefix = "a0b1c2" }).Validate();
        (Standard with { NetworkPool = IPNetwork.Parse("10.0.0.0/8") }).Validate();
        (Standard with { NetworkPool = IPNetwork.Parse("10.0.0.0/29") }).Validate();
    }

    [Theory]
    [InlineData("10.0.0.0/30")]
    [InlineData("8.0.0.0/7")]
    [InlineData("fd00::/64")]
    public void A_pool_that_sandboxes_cannot_have_is_refused_by_name(string pool) =>
        AssertRefused(Standard with { NetworkPool = IPNetwork.Parse(pool) }, "--network-pool");

    [Theory]
    [InlineData("")]
    [InlineData("sevenxx")]
    [InlineData("At")]
    [InlineData("a/b")]
    [InlineData("at\n")]
    public void A_prefix_that_no_link_can_have_is_refused_by_name(string prefix) =>
        AssertRefused(Standard with { InterfacePrefix = prefix }, "--interface-prefix");

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("1st")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void An_instance_that_cannot_name_a_directory_and_a_table_is_refused_by_name(string instance) =>
        AssertRefused(Standard with { Instance = instance }, "--instance");

    private static void AssertRefused(NodeOptions options, string option)
    {
        Fault fault = Assert.Throws<FaultException>(options.Validate).Fault;
        Assert.Equal(FaultCode.InvalidArgument, fault.Code);
        Assert.StartsWith(option, fault.Message, StringComparison.Ordinal);
    }
}
