using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>What becomes of the sandboxes' local ports when the server stops and starts.</summary>
public sealed class AddressRecoveryTests
{
    [Fact]
    public async Task A_sandbox_has_the_same_port_after_a_restart()
    {
        var ports = new Ports();
        await using ControlWorld world = await ControlWorld.StartAsync(world => world.Addresses = ports);
        Sandbox box = await world.CreateAsync();
        Sandbox other = await world.CreateAsync();
        Assert.Equal((1, 2), (box.LocalPort, other.LocalPort));

        ports.Lose();
        await world.RestartAsync();

        Assert.Equal([(box.Id, 1), (other.Id, 2)], ports.Open.OrderBy(open => open.Port));
        Assert.Equal(1, world.Actors.Read(box.Id)!.LocalPort);
    }

    [Fact]
    public async Task A_port_that_was_taken_in_the_meantime_is_replaced_by_one_that_is_no_others()
    {
        var ports = new Ports();
        await using ControlWorld world = await ControlWorld.StartAsync(world => world.Addresses = ports);
        Sandbox box = await world.CreateAsync();
        Sandbox other = await world.CreateAsync();

        ports.Lose();
        ports.Taken.Add(1);
        await world.RestartAsync();

        Assert.Equal((3, 2), (world.Actors.Read(box.Id)!.LocalPort, world.Actors.Read(other.Id)!.LocalPort));
        await world.RestartAsync();
        Assert.Equal(3, world.Store.Find(box.Id)!.LocalPort);
    }

    [Fact]
    public async Task A_sandbox_that_ends_and_one_that_is_not_admitted_leave_no_port_open()
    {
        var ports = new Ports();
        await using ControlWorld world = await ControlWorld.StartAsync(world =>
        {
            world.Addresses = ports;
            world.Options = world.Options with { MaxLivePerUser = 1 };
        });
        Sandbox box = await world.CreateAsync();
        await ControlWorld.FaultAsync(() => world.CreateAsync());
        Assert.Equal([(box.Id, 1)], ports.Open);

        await world.Sandboxes.TerminateAsync(world.Root, box.Id, CancellationToken.None);

        Assert.Null((await world.UntilAsync(box.Id, SandboxState.Terminated)).LocalPort);
        await world.AsleepAsync(box.Id);
        Assert.Empty(ports.Open);
    }

    /// <summary>Ports 1, 2, 3, of which some are taken.</summary>
    private sealed class Ports : ISandboxAddresses
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<SandboxId, int> _open = [];

        public HashSet<int> Taken { get; } = [];

        public IReadOnlyList<(SandboxId Id, int Port)> Open
        {
            get
            {
                lock (_lock)
                {
                    return [.. _open.Select(open => (open.Key, open.Value))];
                }
            }
        }

        /// <summary>As the end of a process does.</summary>
        public void Lose()
        {
            lock (_lock)
            {
                _open.Clear();
            }
        }

        public Task<int?> OpenAsync(SandboxId id, CancellationToken cancellation)
        {
            lock (_lock)
            {
                _open.TryAdd(id, Enumerable.Range(1, 100).First(port => !Taken.Contains(port) && !_open.ContainsValue(port)));
                return Task.FromResult<int?>(_open[id]);
            }
        }

        public Task<bool> TryReopenAsync(SandboxId id, int port, CancellationToken cancellation)
        {
            lock (_lock)
            {
                return Task.FromResult(!Taken.Contains(port) && !_open.ContainsValue(port) && _open.TryAdd(id, port));
            }
        }

        public Task CloseAsync(SandboxId id)
        {
            lock (_lock)
            {
                _open.Remove(id);
            }

            return Task.CompletedTask;
        }
    }
}
