using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxPrivateWebhooksTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://localhost:8080/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://10.1.2.3/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://0.0.0.0/")]
    public async Task An_address_of_this_machine_or_its_networks_is_refused_unless_the_operator_allows_it(string url) =>
        (await server.ControlAsync(HttpMethod.Post, "/v1/webhooks", new { url, event_types = new[] { "*" } })).IsError(400, "invalid_argument", "url");
}
