using Atoll.Api.Dialects.ScaleBox;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxMappingTests
{
    private static readonly string[] NineStatuses =
        ["created", "starting", "running", "pausing", "paused", "resuming", "terminating", "terminated", "failed"];

    [Fact]
    public void Every_state_has_one_of_the_nine_statuses_and_every_status_a_state() =>
        Assert.Equal(NineStatuses.Order(), Enum.GetValues<SandboxState>().Select(ScaleBoxMapping.Status).Distinct().Order());

    [Fact]
    public void Every_phase_and_protocol_has_a_word()
    {
        SandboxPhase[] phases = Enum.GetValues<SandboxPhase>();
        Assert.Equal(phases.Length, phases.Select(ScaleBoxMapping.Substatus).Distinct().Count());
        PortProtocol[] protocols = Enum.GetValues<PortProtocol>();
        Assert.Equal(protocols.Length, protocols.Select(ScaleBoxMapping.Protocol).Distinct().Count());
    }

    [Theory]
    [InlineData("user=abc&app=prod", "user", "abc")]
    [InlineData("user%3Dabc%26app%3Dprod", "user", "abc")]
    [InlineData("us%2520er=a%2520%2526b", "us er", "a &b")]
    [InlineData("user=a=b", "user", "a=b")]
    [InlineData("user=", "user", "")]
    [InlineData("{\"user\":\"a%20b\"}", "user", "a%20b")]
    public void A_metadata_filter_is_read_in_every_spelling(string text, string key, string value) =>
        Assert.Equal(value, ScaleBoxRequests.Metadata(text)[key]);
}
