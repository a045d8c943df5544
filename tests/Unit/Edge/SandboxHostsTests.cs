using Atoll.Api;
using Atoll.Api.Edge;
using Atoll.Domain;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class SandboxHostsTests
{
    private const string Id = "01arz3ndektsv4rrffq69g5fav";

    [Theory]
    [InlineData("127.0.0.1", null, null)]
    [InlineData("localhost", null, null)]
    [InlineData("[::1]", null, null)]
    [InlineData("", null, null)]
    [InlineData("example.com", null, null)]
    [InlineData("api.example.com", null, null)]
    [InlineData("sandbox.example.com", null, null)]
    [InlineData("atoll.internal", null, null)]
    [InlineData($"{Id}.example.com", Id, null)]
    [InlineData($"sbx-{Id}.example.com", Id, null)]
    [InlineData($"sbx-{Id}.example.com.", Id, null)]
    [InlineData("SBX-01ARZ3NDEKTSV4RRFFQ69G5FAV.Example.COM", Id, null)]
    [InlineData($"3000-{Id}.example.com", Id, 3000)]
    [InlineData($"49983-{Id}.localhost", Id, 49983)]
    [InlineData($"65535-sbx-{Id}.localhost", Id, 65535)]
    [InlineData("3000-127.0.0.1", null, 3000)]
    [InlineData("3000-192.0.2.7", null, 3000)]
    [InlineData("3000-localhost", null, 3000)]
    [InlineData("3000-example.com", null, 3000)]
    public void A_host_names_a_sandbox_a_port_both_or_nothing(string host, string? id, int? port)
    {
        HostClaim claim = Hosts("example.com").Read(host);

        Assert.Equal(id, claim.Id?.Value);
        Assert.Equal(port, claim.Port);
    }

    [Theory]
    [InlineData($"0-{Id}.example.com")]
    [InlineData($"65536-{Id}.example.com")]
    [InlineData($"03000-{Id}.example.com")]
    [InlineData($"999999999999-{Id}.example.com")]
    [InlineData("3000-nobody.example.com")]
    [InlineData("3000-.example.com")]
    [InlineData("sbx-nobody.example.com")]
    [InlineData("sbx-.localhost")]
    [InlineData("70000-127.0.0.1")]
    [InlineData($"a.sbx-{Id}.example.com")]
    [InlineData($"www.3000-{Id}.example.com")]
    [InlineData($"{Id}.example.org")]
    [InlineData($"{Id}.example.com.evil.org")]
    [InlineData($"{Id}.evil-example.com")]
    public void What_looks_like_a_sandboxs_name_and_is_none_is_refused(string host) =>
        Assert.Equal(FaultCode.InvalidArgument, Assert.Throws<FaultException>(() => Hosts("example.com").Read(host)).Fault.Code);

    [Fact]
    public void A_domain_that_is_not_given_is_not_this_servers() =>
        Assert.Throws<FaultException>(() => Hosts(null).Read($"{Id}.example.com"));

    private static SandboxHosts Hosts(string? domain) => new(new ApiOptions
    {
        Domain = domain, PublicHost = domain is null ? "127.0.0.1:7070" : $"{domain}:7070",
    });
}
