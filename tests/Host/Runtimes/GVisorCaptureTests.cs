using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Linux;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>Captures that end before their time: a full disk, a server that is killed.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorCaptureTests(GVisorMachine machine) : IAsyncLifetime
{
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly ImageId _image = ImageId.New(DateTimeOffset.UtcNow);
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private GVisorContractNode _world = null!;
    private Conversation _shell = null!;

    public async Task InitializeAsync()
    {
        _world = new GVisorContractNode(machine, LaunchFaults.None);
        await _world.Node.LaunchAsync(_world.Request(_id), _ => { }, _limit.Token);
        _shell = await Conversation.StartAsync(_world.Node.Agent(_id), new() { Arguments = ["bash"], TakesInput = true });
        await RunsAsync();
    }

    public async Task DisposeAsync()
    {
        machine.OnPoint = null;
        await _shell.DisposeAsync();
        await _world.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_disk_without_room_is_refused_before_the_sandbox_stops()
    {
        List<string> reached = [];
        machine.OnPoint = reached.Add;
        Mounts.Mount("tmpfs", machine.Images, "tmpfs", MountFlags.MS_NODEV, "size=16m");
        try
        {
            await AssertNoRoomAsync();
        }
        finally
        {
            Mounts.Unmount(machine.Images);
        }

        Assert.Empty(reached);
    }

    [Theory]
    [InlineData(256 << 10)]
    [InlineData(1 << 20)]
    public async Task A_disk_that_fills_up_fails_the_capture_and_what_was_written_is_removed(int left)
    {
        await using var disk = await LoopDisk.MountAsync(machine, machine.Images, bytes: 3L << 29);
        machine.OnPoint = point =>
        {
            if (point == "before:checkpoint")
            {
                disk.Fill(left);
            }
        };

        await AssertNoRoomAsync();

        Assert.Empty(Directory.EnumerateDirectories(machine.Images, "*.half"));
        machine.OnPoint = null;
        disk.Empty();
        Assert.NotNull(await _world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, _limit.Token));
        await _world.Node.RemoveImageAsync(_image, _limit.Token);
        await RunsAsync();
    }

    [Theory]
    [InlineData("before:checkpoint")]
    [InlineData("after:checkpoint")]
    [InlineData("after:manifest")]
    [InlineData("after:rename")]
    public async Task Whatever_a_server_was_at_when_it_ended_its_sandbox_is_taken_back_and_runs(string killed)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gone = new ManualResetEventSlim();
        machine.OnPoint = point =>
        {
            if (point == killed)
            {
                reached.TrySetResult();
                gone.Wait(_limit.Token);
                throw new IOException("the server was killed");
            }
        };
        Task<SandboxImage> capture = _world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, _limit.Token);
        await reached.Task.WaitAsync(_limit.Token);

        INode second = await _world.SecondAsync();
        Assert.Null(await second.AdoptAsync(_id, _limit.Token));

        Assert.Equal("still here", await second.Agent(_id).RunAsync("echo still here", _limit.Token));
        gone.Set();
        await Assert.ThrowsAnyAsync<Exception>(() => capture);
        Assert.Empty(second.ListImages());
        await second.CleanAsync(_id, _limit.Token);
    }

    [Fact]
    public async Task One_that_stands_still_can_be_captured_again_and_goes_on_with_that()
    {
        await _world.Node.CaptureAsync(_id, ImageId.New(DateTimeOffset.UtcNow), AfterCapture.StandStill, _limit.Token);

        await _world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, _limit.Token);

        await RunsAsync();
        Assert.Equal(2, _world.Node.ListImages().Count);
    }

    private async Task AssertNoRoomAsync()
    {
        FaultException refused = await Assert.ThrowsAsync<FaultException>(
            () => _world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, _limit.Token));
        Assert.True(refused.Fault.Code == FaultCode.NoCapacity, refused.ToString());
        Assert.Empty(_world.Node.ListImages());
        await RunsAsync();
    }

    private async Task RunsAsync()
    {
        await _shell.TypeAsync("echo on\n");
        await _shell.UntilAsync("on\n");
    }
}
