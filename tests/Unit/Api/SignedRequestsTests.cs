using Atoll.Api.DataPlane.Transfer;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class SignedRequestsTests
{
    [Fact]
    public void A_flood_of_signed_urls_of_nobody_is_refused_and_those_found_before_are_found_on()
    {
        var time = new FakeTime();
        var tokens = new TokensDouble();
        SandboxId[] live = [.. Enumerable.Range(0, 5000).Select(_ => SandboxId.New(time.GetUtcNow()))];
        var owners = new SignedRequests(new SandboxesDouble { Others = live }, tokens, time);
        HttpRequest good = Request(SignedUrl.Sign(tokens.For(live[0]), FileOperation.Read, "/a", "user", null));
        HttpRequest bad = Request(SignedUrl.Sign("nobody's", FileOperation.Read, "/a", "user", null));

        Assert.Equal(live[0], owners.OwnerOf(good));
        int answered = 0;
        FaultException refused = Assert.Throws<FaultException>(() =>
        {
            for (; answered < 100; answered++)
            {
                Assert.Null(owners.OwnerOf(bad));
            }
        });

        Assert.Equal(FaultCode.RateLimited, refused.Fault.Code);
        Assert.InRange(answered, 1, SignedRequests.DigestsPerSecond / live.Length);
        Assert.Equal(live[0], owners.OwnerOf(good));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(owners.OwnerOf(bad));
    }

    [Theory]
    [InlineData("")]
    [InlineData("v1_short")]
    public void What_cannot_be_a_signature_costs_nothing(string signature)
    {
        var owners = new SignedRequests(null!, null!, new FakeTime());
        Assert.Null(owners.OwnerOf(Request(signature)));
    }

    private static HttpRequest Request(string signature)
    {
        HttpRequest request = new DefaultHttpContext().Request;
        request.Method = "GET";
        request.Path = "/files";
        request.QueryString = QueryString.Create("path", "/a").Add("username", "user").Add("signature", signature);
        return request;
    }
}
