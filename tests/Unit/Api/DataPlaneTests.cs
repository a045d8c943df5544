using Xunit;

namespace Atoll.Unit.Api;

public sealed class DataPlaneTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task A_request_for_a_sandbox_needs_its_own_token()
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();

        Assert.Equal(401, (await server.SendAsync(box with { Token = other.Token }, HttpMethod.Post, "/nothing")).Status);
        Assert.Equal(404, (await server.SendAsync(box, HttpMethod.Post, "/nothing")).Status);
    }

    [Fact]
    public async Task What_is_the_control_planes_is_not_reached_in_a_sandboxs_name()
    {
        RunningBox box = await server.CreateAsync();

        Assert.Equal(404, (await server.SendAsync(box, HttpMethod.Get, "/v1/users/me")).Status);
    }
}
