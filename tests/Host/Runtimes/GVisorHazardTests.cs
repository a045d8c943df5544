using System.Globalization;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Agents;
using Atoll.Node.Images;
using Atoll.Protocol;
using Atoll.Unit.Runtimes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>What goes wrong when memory is copied or comes back later, one test for each.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorHazardTests(GVisorMachine machine, ForkedSandbox world) : IClassFixture<ForkedSandbox>
{
    [Fact]
    public async Task Two_forks_do_not_draw_the_same_random_numbers()
    {
        List<string> drawn = [];
        foreach (SandboxId id in world.All)
        {
            drawn.AddRange(await world.AskAsync(id, "random"));
            drawn.Add(await world.Node.Agent(id).RunAsync("head -c 16 /dev/urandom | od -An -tx1", ForkedSandbox.Soon()));
        }

        Assert.Equal(6, drawn.Distinct().Count());
    }

    [Fact]
    public async Task The_generation_is_another_one_after_every_restore()
    {
        string[] generations = await SignsAsync("cat /run/atoll/generation");

        Assert.Equal(4, generations.Append(world.Before["cat /run/atoll/generation"]).Distinct().Count());
        Assert.All(generations, text => Assert.True(Guid.TryParse(text, out _)));
    }

    [Fact]
    public async Task The_wall_clock_is_right_after_a_restore_and_the_monotonic_one_goes_on()
    {
        // Less than the image is old, more than an answer takes on a busy machine.
        const double Tolerance = 1.5;
        double earlier = double.Parse(world.Before["clock"].Split(' ')[1], CultureInfo.InvariantCulture);
        foreach (SandboxId id in world.All)
        {
            double before = Now() - Tolerance;
            double[] clocks = [.. (await world.AskAsync(id, "clock")).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

            Assert.InRange(clocks[0], before, Now() + Tolerance);
            Assert.True(clocks[1] > earlier, $"{clocks[1]} after {earlier}");
        }
    }

    [Fact]
    public async Task A_fork_has_a_hostname_and_a_machine_id_of_its_own_and_one_that_comes_back_keeps_them()
    {
        foreach (string sign in ForkedSandbox.Signs.Except(["cat /run/atoll/generation"]))
        {
            string[] found = await SignsAsync(sign);
            Assert.Equal(world.Before[sign], found[0]);
            Assert.Equal(3, found.Distinct().Count());
        }

        Assert.Equal(world.All.Select(id => id.Bits.ToString("x32", CultureInfo.InvariantCulture)), await SignsAsync("cat /etc/machine-id"));
    }

    [Fact]
    public async Task Each_has_its_own_address_where_its_server_answers_and_the_one_before_was_free()
    {
        Assert.Empty(world.TracesBetween);
        string[] addresses = await SignsAsync("ip -4 -o addr show eth0 | grep -o 'inet [0-9.]*'");

        Assert.Equal(world.All.Select(id => $"inet {machine.AddressOf(id)}"), addresses);
        Assert.Equal(3, addresses.Distinct().Count());
        foreach (SandboxId id in world.All)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(machine.AddressOf(id), ForkedSandbox.Port, ForkedSandbox.Soon());
            Assert.True(await client.GetStream().ReadAsync(new byte[8], ForkedSandbox.Soon()) > 0);
        }
    }

    [Fact]
    public async Task A_connection_that_stood_is_broken_off_and_does_not_hang()
    {
        foreach (SandboxId id in world.All)
        {
            string[] ends;
            do
            {
                ends = await world.AskAsync(id, "ends");
            }
            while (ends.Length == 1);

            Assert.Matches("^Connection|^BrokenPipe", ends[1]);
        }
    }

    [Fact]
    public async Task Nothing_has_left_the_source_that_its_image_does_not_hold()
    {
        Assert.InRange(world.LastTold, 1, long.MaxValue);
        foreach (SandboxId id in world.All)
        {
            Assert.InRange(world.LastTold, 1, long.Parse((await world.AskAsync(id, "step"))[0], CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Memory_and_disk_are_of_the_same_instant()
    {
        foreach (SandboxId id in world.All)
        {
            // How often the count in the file was not the one in memory.
            Assert.Equal("0", (await world.AskAsync(id, "step"))[1]);
        }
    }

    [Fact]
    public async Task What_a_program_holds_in_memory_and_in_open_files_is_there()
    {
        foreach (SandboxId id in world.All)
        {
            Assert.Equal($"{world.Before["ready"].Trim().Split(' ')[1]} open and gone".Split(' '), await world.AskAsync(id, "held"));
        }
    }

    [Fact]
    public async Task A_terminal_goes_on()
    {
        foreach (SandboxId id in world.All)
        {
            await using Conversation terminal = world.TerminalOf(id);
            await terminal.UntilAsync("ready\r\n");
            await terminal.TypeAsync("echo $X-$X\n");
            await terminal.UntilAsync("kept-kept\r\n");
        }
    }

    [Fact]
    public async Task A_restored_sandbox_pays_for_its_memory_itself()
    {
        foreach (SandboxId id in world.All)
        {
            Assert.InRange((await world.Node.StatsAsync(id, ForkedSandbox.Soon())).MemoryUsed, ForkedSandbox.HeldBytes, 2 * ForkedSandbox.HeldBytes);
        }
    }

    [Fact]
    public async Task The_secret_of_the_source_does_not_open_a_fork()
    {
        FaultException refused = await Assert.ThrowsAsync<FaultException>(async () =>
        {
            await using AgentSession session = await ConnectAsync(world.Forks[0], machine.Secrets.For(world.Source));
        });
        await using AgentSession own = await ConnectAsync(world.Forks[0], machine.Secrets.For(world.Forks[0]));

        Assert.Equal(FaultCode.AgentUnavailable, refused.Fault.Code);
        Assert.NotEmpty(await own.ListAsync(ForkedSandbox.Soon()));
    }

    [Fact]
    public void An_image_is_the_servers_alone_and_its_manifest_holds_no_secret()
    {
        string directory = Path.Combine(machine.Images, world.Image.Id.Value);
        string manifest = File.ReadAllText(Path.Combine(directory, ImageManifest.FileName));
        byte[] secret = machine.Secrets.For(world.Source).ToArray();

        foreach (string path in (string[])[machine.Images, directory])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        }

        Assert.DoesNotContain(Convert.ToHexString(secret, 0, 8), manifest, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(secret)[..10], manifest, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "format", "form" }, { "runtime", "runsc version 0.0~later" }, { "template", "template" }, { "agent", "agent" },
        { "missing", "is missing" }, { "byte", "has changed" }, { "longer", "bytes instead of" }, { "manifest", "manifest is damaged" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task An_image_that_is_damaged_or_anothers_is_refused_with_the_reason(string damage, string reason)
    {
        using var damaged = new DamagedImage(Path.Combine(machine.Images, world.Image.Id.Value), damage);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);

        FaultException refused = await Assert.ThrowsAsync<FaultException>(
            () => world.Node.LaunchAsync(world.Request(id) with { From = world.Image.Id }, _ => { }, ForkedSandbox.Soon()));

        Assert.Equal(FaultCode.IncompatibleImage, refused.Fault.Code);
        Assert.Contains(reason, refused.Fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(id, await world.Node.ListAsync(ForkedSandbox.Soon()));
    }

    [Fact]
    public async Task What_does_not_fit_into_the_sandbox_is_refused()
    {
        LaunchRequest request = world.Request(SandboxId.New(DateTimeOffset.UtcNow)) with { From = world.Image.Id };

        FaultException refused = await Assert.ThrowsAsync<FaultException>(() => world.Node.LaunchAsync(
            request with { Resources = request.Resources with { MemoryMb = 64 } }, _ => { }, ForkedSandbox.Soon()));

        Assert.Equal((FaultCode.InvalidArgument, "memory_mb"), (refused.Fault.Code, refused.Fault.Field));
    }

    private static double Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    private Task<string[]> SignsAsync(string command) =>
        Task.WhenAll(world.All.Select(id => world.Node.Agent(id).RunAsync(command, ForkedSandbox.Soon())));

    private Task<AgentSession> ConnectAsync(SandboxId id, ReadOnlyMemory<byte> secret) => AgentSession.ConnectAsync(
        AgentDial.Tcp(new(machine.AddressOf(id), ProtocolLimits.DefaultPort)), new AgentSecret(secret.Span), TimeSpan.FromSeconds(60),
        TimeProvider.System, NullLogger.Instance, ForkedSandbox.Soon());
}
