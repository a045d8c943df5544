using System.Net;
using System.Net.Sockets;
using Atoll.Linux;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Host.Network;

/// <summary>
/// What the filter lets through, tried with real packets between real namespaces. Where something must be blocked,
/// the same attempt succeeds without the filter: so it is the filter that blocks it.
/// </summary>
[Collection("network")]
public sealed class IsolationTests(TestNetwork network) : IAsyncLifetime
{
    private const int Port = 8099;
    private readonly NetworkSlot _online = network.Slots.At(40, allowInternet: true);
    private readonly NetworkSlot _neighbour = network.Slots.At(41, allowInternet: true);
    private readonly NetworkSlot _offline = network.Slots.At(42, allowInternet: false);
    private FakeInternet _internet = null!;

    public async Task InitializeAsync()
    {
        _internet = new FakeInternet();
        network.Filter.Load([]);
        foreach (NetworkSlot slot in (NetworkSlot[])[_online, _neighbour, _offline])
        {
            await network.Slots.MakeAsync(slot);
        }
    }

    public async Task DisposeAsync()
    {
        _internet.Dispose();
        network.Filter.Remove();
        foreach (NetworkSlot slot in (NetworkSlot[])[_online, _neighbour, _offline])
        {
            await network.Slots.RemoveAsync(slot.Index);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sandbox_does_not_reach_the_host(bool allowInternet)
    {
        NetworkSlot slot = allowInternet ? _online : _offline;
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        foreach (IPAddress host in (IPAddress[])[slot.HostAddress, _internet.HostAddress, _neighbour.HostAddress])
        {
            Assert.True(await Sockets.BlockedAsync(slot.NetnsPath, host, port), $"reached {host}");
        }

        network.Filter.Remove();
        Assert.True(await Sockets.ConnectsAsync(slot.NetnsPath, slot.HostAddress, port));
        Assert.True(await Sockets.ConnectsAsync(slot.NetnsPath, _internet.HostAddress, port));
    }

    [Fact]
    public async Task The_host_reaches_sandboxes_online_and_offline()
    {
        foreach (NetworkSlot slot in (NetworkSlot[])[_online, _offline])
        {
            using Socket listener = await Sockets.ListenInAsync(slot.NetnsPath, Port);
            Assert.True(await Sockets.ConnectsAsync(null, slot.GuestAddress, Port));
        }
    }

    [Fact]
    public async Task A_connection_of_the_host_goes_on_when_the_filter_is_replaced()
    {
        using Socket listener = await Sockets.ListenInAsync(_online.NetnsPath, Port);
        using var client = new TcpClient();
        await client.ConnectAsync(_online.GuestAddress, Port);
        using Socket server = await listener.AcceptAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        for (byte i = 0; i < 3; i++)
        {
            network.Filter.Load([]);
            await server.SendAsync(new[] { i }, limit.Token);
            byte[] got = new byte[1];
            await client.GetStream().ReadExactlyAsync(got, limit.Token);
            Assert.Equal(i, got[0]);
        }
    }

    [Fact]
    public async Task Sandboxes_do_not_reach_each_other()
    {
        using Socket neighbour = await Sockets.ListenInAsync(_neighbour.NetnsPath, Port);
        using Socket offline = await Sockets.ListenInAsync(_offline.NetnsPath, Port);
        Assert.True(await Sockets.BlockedAsync(_online.NetnsPath, _neighbour.GuestAddress, Port));
        Assert.True(await Sockets.BlockedAsync(_online.NetnsPath, _offline.GuestAddress, Port));
        Assert.True(await Sockets.BlockedAsync(_offline.NetnsPath, _neighbour.GuestAddress, Port));

        network.Filter.Remove();
        Assert.True(await Sockets.ConnectsAsync(_online.NetnsPath, _neighbour.GuestAddress, Port));
        Assert.True(await Sockets.ConnectsAsync(_online.NetnsPath, _offline.GuestAddress, Port));
        Assert.True(await Sockets.ConnectsAsync(_offline.NetnsPath, _neighbour.GuestAddress, Port));
    }

    [Fact]
    public async Task The_internet_sees_an_online_sandbox_as_the_host()
    {
        using Socket listener = await Sockets.ListenInAsync(_internet.Netns, Port);
        Assert.True(await Sockets.ConnectsAsync(_online.NetnsPath, _internet.Public, Port));
        Assert.Equal(_internet.HostAddress, await Sockets.PeerOfNextAsync(listener));
    }

    [Fact]
    public async Task An_offline_sandbox_sends_nothing_to_the_internet()
    {
        using Socket far = await Sockets.UdpInAsync(_internet.Netns);
        far.Bind(new IPEndPoint(IPAddress.Any, Port));
        using Socket offline = await Sockets.UdpInAsync(_offline.NetnsPath);
        using Socket online = await Sockets.UdpInAsync(_online.NetnsPath);
        var to = new IPEndPoint(_internet.Public, Port);
        Assert.True(await Sockets.ArrivesAsync(online, far, to));
        Assert.True(await Sockets.LostAsync(offline, far, to));

        network.Filter.Remove();
        Assert.True(await Sockets.ArrivesAsync(offline, far, to));
    }

    [Fact]
    public async Task Private_and_metadata_addresses_are_closed()
    {
        using Socket far = await Sockets.UdpInAsync(_internet.Netns);
        far.Bind(new IPEndPoint(IPAddress.Any, Port));
        using Socket online = await Sockets.UdpInAsync(_online.NetnsPath);
        foreach (IPAddress closed in FakeInternet.Closed)
        {
            Assert.True(await Sockets.LostAsync(online, far, new IPEndPoint(closed, Port)), $"reached {closed}");
        }

        network.Filter.Remove();
        foreach (IPAddress closed in FakeInternet.Closed)
        {
            Assert.True(await Sockets.ArrivesAsync(online, far, new IPEndPoint(closed, Port)), $"no way to {closed} even without the filter");
        }
    }

    [Fact]
    public async Task A_private_nameserver_is_open_on_its_port_only()
    {
        IPAddress nameserver = FakeInternet.Closed[0];
        network.Filter.Load([nameserver]);
        using Socket dns = await Sockets.ListenInAsync(_internet.Netns, 53);
        using Socket other = await Sockets.ListenInAsync(_internet.Netns, Port);
        Assert.True(await Sockets.ConnectsAsync(_online.NetnsPath, nameserver, 53));
        Assert.True(await Sockets.BlockedAsync(_online.NetnsPath, nameserver, Port));
        Assert.True(await Sockets.BlockedAsync(_online.NetnsPath, FakeInternet.Closed[1], 53));
        Assert.True(await Sockets.BlockedAsync(_offline.NetnsPath, nameserver, 53));
    }

    [Fact]
    public async Task The_internet_does_not_reach_into_a_sandbox()
    {
        using (var far = await Namespaces.RunInNetAsync(_internet.Netns, () => new RouteNetlink()))
        {
            far.PutRoute(TestNetwork.Options.Pool, _internet.HostAddress);
        }

        using Socket online = await Sockets.ListenInAsync(_online.NetnsPath, Port);
        using Socket offline = await Sockets.ListenInAsync(_offline.NetnsPath, Port);
        Assert.True(await Sockets.BlockedAsync(_internet.Netns, _online.GuestAddress, Port));
        Assert.True(await Sockets.BlockedAsync(_internet.Netns, _offline.GuestAddress, Port));

        network.Filter.Remove();
        Assert.True(await Sockets.ConnectsAsync(_internet.Netns, _online.GuestAddress, Port));
        Assert.True(await Sockets.ConnectsAsync(_internet.Netns, _offline.GuestAddress, Port));
    }

    [Fact]
    public async Task A_forged_sender_is_dropped()
    {
        using (var guest = await Namespaces.RunInNetAsync(_online.NetnsPath, () => new RouteNetlink()))
        {
            guest.PutAddress("lo", _neighbour.GuestAddress, 32);
        }

        using Socket far = await Sockets.UdpInAsync(_internet.Netns);
        far.Bind(new IPEndPoint(IPAddress.Any, Port));
        using Socket honest = await Sockets.UdpInAsync(_online.NetnsPath);
        using Socket forged = await Sockets.UdpInAsync(_online.NetnsPath);
        forged.Bind(new IPEndPoint(_neighbour.GuestAddress, 0));
        var to = new IPEndPoint(_internet.Public, Port);
        Assert.True(await Sockets.ArrivesAsync(honest, far, to));
        Assert.True(await Sockets.LostAsync(forged, far, to));

        // Where the machine itself does not look at senders, only the filter does.
        if (File.ReadAllText("/proc/sys/net/ipv4/conf/all/rp_filter").Trim() != "1")
        {
            File.WriteAllText($"/proc/sys/net/ipv4/conf/{_online.HostInterface}/rp_filter", "0");
            network.Filter.Remove();
            Assert.True(await Sockets.ArrivesAsync(forged, far, to));
        }
    }

    [Fact]
    public void Other_tables_stay()
    {
        string other = TestNetwork.Options.Table + "_other";
        Nftables.Run($"table inet {other} {{ chain onward {{ type filter hook forward priority 10; policy accept; }}; }}");
        try
        {
            network.Filter.Load([]);
            network.Filter.Load([]);
            network.Filter.Remove();
            network.Filter.Remove();
            Assert.Contains("chain onward", Nftables.Run($"list table inet {other}"));
        }
        finally
        {
            Nftables.Run($"delete table inet {other}");
        }
    }

    [Fact]
    public async Task A_sandbox_has_no_more_connections_than_it_may_and_takes_none_from_others()
    {
        new SandboxFilter(TestNetwork.Options with { MaxConnections = 5 }).Load([]);
        using Socket listener = await Sockets.ListenInAsync(_internet.Netns, Port);
        var to = new IPEndPoint(_internet.Public, Port);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        List<Socket> open = [];
        try
        {
            for (int i = 0; i < 5; i++)
            {
                open.Add(await Sockets.TcpInAsync(_online.NetnsPath));
                await open[i].ConnectAsync(to, limit.Token);
            }

            Assert.True(await Sockets.BlockedAsync(_online.NetnsPath, to.Address, Port), "a sixth connection came about");
            using Socket first = await listener.AcceptAsync(limit.Token);
            await open[0].SendAsync(new byte[] { 7 }, limit.Token);
            Assert.Equal(1, await first.ReceiveAsync(new byte[8], limit.Token));
            Assert.True(await Sockets.ConnectsAsync(_neighbour.NetnsPath, to.Address, Port), "the neighbour has connections of its own");
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task The_next_sandbox_at_an_address_does_not_get_what_was_meant_for_the_last()
    {
        const int GuestPort = 5353;
        using Socket far = await Sockets.UdpInAsync(_internet.Netns);
        far.Bind(new IPEndPoint(IPAddress.Any, Port));
        EndPoint seen = new IPEndPoint(IPAddress.Any, 0);
        using (Socket last = await Sockets.UdpInAsync(_online.NetnsPath))
        {
            last.Bind(new IPEndPoint(IPAddress.Any, GuestPort));
            await last.SendToAsync(new byte[16], new IPEndPoint(_internet.Public, Port));
            byte[] got = new byte[16];
            seen = (await far.ReceiveFromAsync(got, seen).WaitAsync(TimeSpan.FromSeconds(30))).RemoteEndPoint;
            Assert.True(await Sockets.ArrivesAsync(far, last, (IPEndPoint)seen));
        }

        await network.Slots.RemoveAsync(_online.Index);
        await network.Slots.MakeAsync(_online);
        using Socket next = await Sockets.UdpInAsync(_online.NetnsPath);
        next.Bind(new IPEndPoint(IPAddress.Any, GuestPort));

        Assert.True(await Sockets.LostAsync(far, next, (IPEndPoint)seen));
    }
}
