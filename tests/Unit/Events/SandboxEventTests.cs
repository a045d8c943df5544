using Atoll.Control.Events;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Events;

public sealed class SandboxEventTests
{
    [Theory]
    [InlineData(SandboxState.Created, SandboxState.Starting, EventTypes.SandboxStarting)]
    [InlineData(SandboxState.Starting, SandboxState.Running, EventTypes.SandboxStarted)]
    [InlineData(SandboxState.Running, SandboxState.Pausing, EventTypes.SandboxPausing)]
    [InlineData(SandboxState.Pausing, SandboxState.Paused, EventTypes.SandboxPaused)]
    [InlineData(SandboxState.Pausing, SandboxState.Running, EventTypes.SandboxPauseFailed)]
    [InlineData(SandboxState.Pausing, SandboxState.Failed, EventTypes.SandboxFailed)]
    [InlineData(SandboxState.Paused, SandboxState.Resuming, EventTypes.SandboxResuming)]
    [InlineData(SandboxState.Resuming, SandboxState.Running, EventTypes.SandboxResumed)]
    [InlineData(SandboxState.Resuming, SandboxState.Paused, EventTypes.SandboxResumeFailed)]
    [InlineData(SandboxState.Resuming, SandboxState.Error, EventTypes.SandboxResumeFailed)]
    [InlineData(SandboxState.Running, SandboxState.Forking, EventTypes.SandboxCapturing)]
    [InlineData(SandboxState.Running, SandboxState.Failed, EventTypes.SandboxFailed)]
    [InlineData(SandboxState.Paused, SandboxState.Terminating, EventTypes.SandboxStopped)]
    [InlineData(SandboxState.Running, SandboxState.Terminating, EventTypes.SandboxStopped)]
    [InlineData(SandboxState.Terminating, SandboxState.Terminated, EventTypes.SandboxTerminated)]
    public void A_transition_has_its_type(SandboxState from, SandboxState to, string type) =>
        Assert.Equal(type, SandboxEvents.TypeOf(In(from), In(to), null));

    [Fact]
    public void What_the_records_do_not_tell_the_command_does()
    {
        Sandbox before = In(SandboxState.Forking), after = In(SandboxState.Running);
        Assert.Equal(EventTypes.SandboxCaptured, SandboxEvents.TypeOf(before, after, new SandboxCommand.Captured()));
        var failed = new SandboxCommand.CaptureFailed(new Fault(FaultCode.NotCapturable, "no"));
        Assert.Equal(EventTypes.SandboxCaptureFailed, SandboxEvents.TypeOf(before, after, failed));
    }

    [Fact]
    public void A_new_record_is_created_or_forked_and_a_change_within_a_state_says_what_changed()
    {
        Sandbox one = In(SandboxState.Running);
        Sandbox ofAnImage = one with { Source = ImageId.New(DateTimeOffset.UnixEpoch) };
        Assert.Equal(EventTypes.SandboxCreated, SandboxEvents.Added(one, isFork: false, "test").Type);
        Assert.Equal(EventTypes.SandboxCreated, SandboxEvents.Added(ofAnImage, isFork: false, "test").Type);
        Assert.Equal(EventTypes.SandboxForked, SandboxEvents.Added(ofAnImage, isFork: true, "test").Type);
        Assert.Equal(EventTypes.SandboxTimeoutChanged, SandboxEvents.TypeOf(one, one with { Timeout = TimeSpan.FromHours(2) }, null));
        PortMapping port = new(80, 80, PortProtocol.Tcp, "web", false);
        Assert.Equal(EventTypes.SandboxPortsChanged, SandboxEvents.TypeOf(one, one with { Ports = [port] }, null));
        Assert.Equal(EventTypes.SandboxUpdated, SandboxEvents.TypeOf(one, one with { LocalPort = 5 }, null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_copy_is_forked_and_what_is_made_of_a_snapshot_is_created_also_of_the_same_image(bool paused)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();
        if (paused)
        {
            await world.PauseAsync(original.Id);
        }

        Snapshot taken = await world.SnapshotAsync(original.Id, null);
        Sandbox made = await world.CreateAsync(new CreateSandbox { Template = taken.Id.Value });
        Sandbox copy = Assert.Single(await world.ForkAsync(original.Id, new ForkSandbox()));

        Assert.Equal(
            [EventTypes.SandboxCreated, EventTypes.SandboxCreated, EventTypes.SandboxForked],
            new[] { original, made, copy }.Select(sandbox => world.Get<EventStore>().List(
                null, new EventQuery { Filter = new EventFilter { Sandbox = sandbox.Id }, Since = 0, Limit = 1 }).Events[0].What.Type));
    }

    /// <summary>Every pair of states has a type, so that no transition is ever kept from being stored by its event.</summary>
    [Fact]
    public void No_pair_of_states_is_without_a_type()
    {
        foreach (SandboxState from in Enum.GetValues<SandboxState>())
        {
            Assert.All(Enum.GetValues<SandboxState>(), to => Assert.Contains(SandboxEvents.TypeOf(In(from), In(to), null), EventTypes.All));
        }
    }

    internal static Sandbox In(SandboxState state) => new()
    {
        Id = SandboxId.Parse("00000000000000000000000000"),
        Owner = new UserId("usr-00000000000000000000000000"),
        Name = "box",
        Template = new TemplateId("tpl-00000000000000000000"),
        TemplateName = "base",
        Resources = new SandboxResources(2, 512, 10),
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Timeout = TimeSpan.FromHours(1),
        State = state,
    };
}
