using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Doctor;

/// <summary>The doctor examines a machine that serves already: it must find out by doing, and disturb nothing.</summary>
[Collection(SharedServer.Name)]
public sealed class DoctorTests(ServerFixture fixture)
{
    /// <summary>What must be as before in a sandbox that runs meanwhile: its process, its address, its way out.</summary>
    private const string Standing = "cat /tmp/pid; cut -d ' ' -f 22 /proc/$(cat /tmp/pid)/stat; ip -o addr show eth0; ip route";

    [RealMachineOwnServerFact]
    public async Task The_doctor_starts_a_sandbox_of_its_own_beside_a_server_and_leaves_nothing()
    {
        AtollServer server = fixture.Own;
        await using Box box = await fixture.Api.CreateAsync();
        ExecOutcome before = await box.ExecAsync($"sleep 500 > /dev/null 2>&1 < /dev/null & echo $! > /tmp/pid; {Standing}");

        // It ends with 0 when nothing that is required failed, and RunAsync demands 0.
        JsonElement report = JsonDocument.Parse(await server.RunAsync("doctor", "--json", "--listen", $"127.0.0.1:{FreePort()}")).RootElement;

        Assert.True(report.GetProperty("usable").GetBoolean());
        JsonElement gvisor = Assert.Single(report.GetProperty("checks").EnumerateArray(), check => check.GetProperty("name").GetString() == "gvisor");
        Assert.Equal("ok", gvisor.GetProperty("status").GetString());
        Assert.Contains("started a sandbox with networking", gvisor.GetProperty("found").GetString());

        var probe = new Leftovers(Path.Combine(server.DataDirectory, "doctor"), "atoll-doctor", "atdr");
        Assert.Empty(await probe.FindAllAsync());
        Assert.False(Directory.Exists(Path.Combine(server.DataDirectory, "doctor")), "the doctor's data is still there");

        ExecOutcome after = await box.ExecAsync(Standing);
        Assert.Equal((0, before.Output), (after.ExitCode, after.Output));
        await using Box next = await fixture.Api.CreateAsync();
        Assert.Equal("hi\n", (await next.ExecAsync("echo hi")).Output);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
