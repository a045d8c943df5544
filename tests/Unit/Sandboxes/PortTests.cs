using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Api;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

/// <summary>Ports that are named and unnamed while the sandbox lives.</summary>
public sealed class PortTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task A_port_that_is_added_is_there_after_a_restart_and_gone_when_it_is_removed()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox box = await world.CreateAsync();

        await world.Sandboxes.AddPortAsync(world.Root, box.Id, Web, CancellationToken.None);
        await world.RestartAsync();
        Assert.Contains(Web, world.Actors.Read(box.Id)!.Ports);

        await world.Sandboxes.RemovePortAsync(world.Root, box.Id, Web.Port, CancellationToken.None);
        await world.RestartAsync();
        Assert.DoesNotContain(Web, world.Actors.Read(box.Id)!.Ports);
    }

    [Fact]
    public async Task The_last_place_is_given_once_and_only_while_the_sandbox_lives()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(world => world.Options = world.Options with
        {
            Limits = world.Options.Limits with { MaxPorts = 1 },
        });
        Sandbox box = await world.CreateAsync();

        Task<Sandbox> Add(int port) => world.Sandboxes.AddPortAsync(world.Root, box.Id, new(port, port, PortProtocol.Tcp, $"p{port}"), CancellationToken.None);
        await Add(80);
        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => Add(81))).Code);
        await world.Sandboxes.RemovePortAsync(world.Root, box.Id, 80, CancellationToken.None);
        await Add(81);
        await world.Sandboxes.TerminateAsync(world.Root, box.Id, CancellationToken.None);
        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => Add(82))).Code);
    }

    [Theory]
    [InlineData("""{"port":0,"name":"a"}""", 400, "port")]
    [InlineData("""{"port":65536,"name":"a"}""", 400, "port")]
    [InlineData("""{"port":1023,"name":"a"}""", 400, "port")]
    [InlineData("""{"port":80,"service_port":1023,"name":"a"}""", 400, "service_port")]
    [InlineData("""{"port":80,"service_port":70000,"name":"a"}""", 400, "service_port")]
    [InlineData("""{"port":80,"name":""}""", 400, "name")]
    [InlineData("""{"port":80,"name":"sixteen-letters-"}""", 400, "name")]
    [InlineData("""{"port":80}""", 400, "name")]
    [InlineData("""{"name":"a"}""", 400, "port")]
    [InlineData("""{"port":80,"name":"a","protocol":"SCTP"}""", 400, "protocol")]
    [InlineData("""{"port":3000,"name":"b"}""", 409, "port")]
    [InlineData("""{"port":3001,"name":"web"}""", 409, "name")]
    public async Task A_port_that_may_not_be_is_refused_by_its_field(string body, int status, string field)
    {
        RunningBox box = await server.CreateAsync(new { custom_ports = new[] { new { port = 3000, name = "web" } } });

        Reply reply = await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/ports", JsonDocument.Parse(body).RootElement);

        reply.IsError(status, status == 409 ? "already_exists" : "invalid_argument", field);
    }

    [Fact]
    public async Task The_reply_holds_what_each_client_reads_of_it()
    {
        RunningBox box = await server.CreateAsync();
        string path = $"/v1/sandboxes/{box.Name}/ports";

        Reply added = await server.ControlAsync(HttpMethod.Post, path, new { port = 5000, name = "api", protocol = "tcp" });

        Assert.Equal("Port added successfully", added.Json.GetProperty("message").GetString());
        Assert.Equal(5000, added.Data.GetProperty("port").GetInt32());
        Assert.Equal(5000, added.Data.GetProperty("service_port").GetInt32());
        Assert.Equal("TCP", added.Data.GetProperty("protocol").GetString());
        Assert.Equal("api", added.Data.GetProperty("name").GetString());
        Assert.False(added.Data.GetProperty("is_protected").GetBoolean());
        Assert.Equal(box.Name, added.Data.GetProperty("sandbox_id").GetString());
        Assert.Equal(5000, Assert.Single(added.Data.GetProperty("custom_ports").EnumerateArray()).GetProperty("port").GetInt32());

        JsonElement list = (await server.ControlAsync(HttpMethod.Get, path)).Data;
        Assert.Equal("api", Assert.Single(list.GetProperty("custom_ports").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(
            list.GetProperty("ports").GetArrayLength(), list.GetProperty("template_ports").GetArrayLength() + list.GetProperty("custom_ports").GetArrayLength());

        Reply removed = await server.ControlAsync(HttpMethod.Delete, path + "/5000");
        Assert.Equal("Port removed successfully", removed.Json.GetProperty("message").GetString());
        Assert.Empty(removed.Data.GetProperty("custom_ports").EnumerateArray());
        (await server.ControlAsync(HttpMethod.Delete, path + "/5000")).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Delete, path + "/x")).IsError(400, "invalid_argument", "port");
    }

    [Fact]
    public async Task A_port_of_the_template_stays()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox box = await world.CreateAsync();

        Fault refusal = await ControlWorld.FaultAsync(() => world.Sandboxes.RemovePortAsync(world.Root, box.Id, 8888, CancellationToken.None));

        Assert.Equal(FaultCode.Forbidden, refusal.Code);
    }

    private static readonly PortMapping Web = new(3000, 3001, PortProtocol.Udp, "web");
}
