using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>What programs do that keeps a sandbox from being written to an image.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorRefusalTests(GVisorMachine machine)
{
    private const string Connecting = """
        import socket
        s = socket.socket()
        s.setblocking(False)
        print(s.connect_ex(('203.0.113.1', 80)))
        input()
        s.close()
        print('closed')
        input()
        """;

    private const string Tunnel = """
        import fcntl, os, struct
        os.makedirs('/dev/net', exist_ok=True)
        os.path.exists('/dev/net/tun') or os.mknod('/dev/net/tun', 0o600 | 0o020000, os.makedev(10, 200))
        t = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(t, 0x400454ca, struct.pack('16sH22x', b'tun0', 1 | 0x1000))
        print('made')
        input()
        os.close(t)
        print('closed')
        input()
        """;

    [Theory]
    [InlineData(Connecting, "about to connect")]
    [InlineData(Tunnel, "tunnel device")]
    public async Task A_program_that_prevents_it_fails_the_capture_and_nothing_else(string script, string reason)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var world = new GVisorContractNode(machine, LaunchFaults.None);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        ImageId image = ImageId.New(DateTimeOffset.UtcNow);
        await world.Node.LaunchAsync(world.Request(id), _ => { }, limit.Token);
        await using Conversation program = await Conversation.StartAsync(world.Node.Agent(id), Guest.Python(script));
        await program.UntilAsync("\n");

        FaultException refused = await Assert.ThrowsAsync<FaultException>(
            () => world.Node.CaptureAsync(id, image, AfterCapture.StandStill, limit.Token));

        Assert.Equal(FaultCode.NotCapturable, refused.Fault.Code);
        Assert.Contains(reason, refused.Fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("goroutine", refused.Fault.Message, StringComparison.Ordinal);
        Assert.Empty(world.Node.ListImages());
        await program.TypeAsync("\n");
        await program.UntilAsync("closed\n");
        await world.Node.CaptureAsync(id, image, AfterCapture.GoOn, limit.Token);
        Assert.Equal([image], world.Node.ListImages());
    }
}
