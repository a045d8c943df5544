using System.Net;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Host.Network;

/// <summary>Who owns a slot while launches are undone, in a pool that has just one.</summary>
[Collection("network")]
public sealed class NetworkStepTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-step-").FullName;
    private readonly TestNetwork _network;
    private readonly NetworkSlots _slots;
    private readonly LaunchJournal _journal;
    private readonly NetworkStep _step;

    public NetworkStepTests(TestNetwork network)
    {
        _network = network;
        _slots = new NetworkSlots(TestNetwork.Options with { Pool = new IPNetwork(TestNetwork.Options.Pool.BaseAddress, 30) });
        _journal = new LaunchJournal(_directory);
        _step = new NetworkStep(_slots);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _slots.RemoveAsync(0);
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public async Task An_undo_that_is_repeated_leaves_the_slot_to_who_has_it_by_then()
    {
        var plan = new LaunchPlan([new StuckStep(), _step], LaunchFaults.None, NullLogger<LaunchPlan>.Instance);
        LaunchContext first = Context();
        await plan.DoAsync(first, _ => { }, default);
        await Assert.ThrowsAsync<UndoIncompleteException>(() => plan.UndoAsync(first.Journaled));
        LaunchContext second = Context();
        await _step.DoAsync(second, default);
        string[] made = [.. _network.Links(), .. _network.Namespaces()];
        Assert.Equal(2, made.Length);

        // As the next try does, and a later server process.
        await Assert.ThrowsAsync<UndoIncompleteException>(() => plan.UndoAsync(Journaled(first)));

        Assert.Equal(made, _network.Links().Concat(_network.Namespaces()));
        Assert.Equal(FaultCode.NoCapacity, Assert.Throws<FaultException>(() => _slots.Acquire()).Fault.Code);
        await _step.UndoAsync(Journaled(second));
        Assert.Empty(_network.Links());
        Assert.Equal(0, _slots.Acquire());
    }

    [Fact]
    public async Task A_slot_that_the_record_still_names_is_not_given_away()
    {
        LaunchContext context = Context();
        await _step.DoAsync(context, default);
        Directory.Delete(_directory, recursive: true);

        await Assert.ThrowsAnyAsync<IOException>(() => _step.UndoAsync(context.Journaled));

        Assert.Throws<FaultException>(() => _slots.Acquire());
    }

    [Fact]
    public async Task A_slot_that_could_not_be_recorded_is_free_again()
    {
        LaunchContext context = Context();
        Directory.Delete(_directory, recursive: true);

        await Assert.ThrowsAnyAsync<IOException>(() => _step.DoAsync(context, default));

        Assert.Null(context.Record.NetworkSlot);
        Assert.Equal(0, _slots.Acquire());
    }

    private LaunchContext Context()
    {
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        var request = new LaunchRequest(
            id, "box", new TemplateId("tpl-x"), new SandboxResources(1, 128, 1), new Dictionary<string, string>(), AllowInternetAccess: true);
        return new LaunchContext(request, new JournaledRecord(new LaunchRecord(id), _journal));
    }

    private JournaledRecord Journaled(LaunchContext context) => new(_journal.Load(context.Request.Id)!, _journal);

    private sealed class StuckStep : ILaunchStep
    {
        public string Name => "stuck";

        public SandboxPhase Phase => SandboxPhase.Allocating;

        public Task DoAsync(LaunchContext context, CancellationToken cancellation) => Task.CompletedTask;

        public Task UndoAsync(JournaledRecord record) => throw new IOException("it is stuck");
    }
}
