using Atoll.Api.DataPlane.Transfer;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ContentCodingTests
{
    [Theory]
    [InlineData(null, "text/plain", 5000, "Identity")]
    [InlineData("gzip, deflate", "text/plain", 5000, "Gzip")]
    [InlineData("GZIP", "application/json", 5000, "Gzip")]
    [InlineData("gzip", "text/plain", 100, "Identity")]
    [InlineData("gzip", "image/png", 5000, "Identity")]
    [InlineData("gzip;q=0", "text/plain", 5000, "Identity")]
    [InlineData("*", "text/plain", 5000, "Gzip")]
    [InlineData("br", "text/plain", 5000, "Identity")]
    [InlineData("gzip, identity;q=0", "image/png", 5, "Gzip")]
    [InlineData("br, identity;q=0", "text/plain", 5000, "None")]
    [InlineData("*;q=0", "text/plain", 5000, "None")]
    [InlineData("identity, *;q=0", "text/plain", 5000, "Identity")]
    [InlineData("=;=,,q", "text/plain", 5000, "Identity")]
    public void The_coding_is_what_the_client_takes_and_what_pays(string? accepted, string type, long size, string expected) =>
        Assert.Equal(expected, ContentCodings.Choose(accepted, type, size).ToString());
}
