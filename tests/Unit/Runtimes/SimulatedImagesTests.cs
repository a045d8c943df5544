using System.Text;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Runtimes.Simulated;
using Atoll.Unit.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>What simulated images hold, on which the tests of pause, resume and fork stand.</summary>
public sealed class SimulatedImagesTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private static readonly ImageId Image = ImageId.New(DateTimeOffset.UnixEpoch);
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-images-").FullName;
    private readonly FakeTime _time = new();
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UnixEpoch);
    private readonly SimulatedMachine _machine;
    private Func<string, Task> _onStep = _ => Task.CompletedTask;

    public SimulatedImagesTests() => _machine = new SimulatedMachine(_time);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_restored_sandbox_has_the_files_and_goes_on_with_its_processes_where_they_were()
    {
        INode node = await LaunchedAsync();
        await WriteAsync(node.Agent(_id), "/root/kept", "as it was");
        int pid = (await node.Agent(_id).StartAsync(Shell("echo before; sleep 60; echo after"), default)).Pid;
        await FirstOutputAsync(node.Agent(_id), pid);
        await _time.TimerAsync(TimeSpan.FromSeconds(60));
        _time.Advance(TimeSpan.FromSeconds(20));

        SandboxImage image = await node.CaptureAsync(_id, Image, AfterCapture.StandStill, default);
        await node.CleanAsync(_id, default);
        _time.Advance(TimeSpan.FromHours(1));
        await node.LaunchAsync(Request(_id) with { From = Image }, _ => { }, default);
        await _time.TimerAsync(TimeSpan.FromSeconds(40));
        _time.Advance(TimeSpan.FromSeconds(40));

        Assert.Equal((_id, image), (image.Source, node.FindImage(Image)));
        Assert.Equal("before\nafter\n", await OutputAsync(node.Agent(_id), pid));
        Assert.Equal("as it was", await ReadAsync(node.Agent(_id), "/root/kept"));
    }

    [Fact]
    public async Task What_goes_on_does_not_change_the_image_and_what_is_made_of_it_is_apart()
    {
        INode node = await LaunchedAsync();
        await WriteAsync(node.Agent(_id), "/root/kept", "as it was");
        await node.CaptureAsync(_id, Image, AfterCapture.GoOn, default);
        await WriteAsync(node.Agent(_id), "/root/kept", "later");
        SandboxId copy = SandboxId.New(DateTimeOffset.UnixEpoch);
        await node.LaunchAsync(Request(copy) with { From = Image }, _ => { }, default);
        await WriteAsync(node.Agent(copy), "/root/own", "of the copy");

        Assert.Equal("as it was", await ReadAsync(node.Agent(copy), "/root/kept"));
        Assert.Equal("later", await ReadAsync(node.Agent(_id), "/root/kept"));
        await Assert.ThrowsAsync<FaultException>(() => ReadAsync(node.Agent(_id), "/root/own"));
    }

    [Fact]
    public async Task Half_an_image_is_listed_and_not_found_and_a_capture_that_fails_leaves_none()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        INode node = await LaunchedAsync();
        _onStep = step =>
        {
            entered.TrySetResult();
            return held.Task;
        };
        Task<SandboxImage> capture = node.CaptureAsync(_id, Image, AfterCapture.GoOn, default);
        await entered.Task.WaitAsync(Bound);
        Assert.Equal([Image], node.ListImages());
        Assert.Null(node.FindImage(Image));

        held.SetException(new Fault(FaultCode.NotCapturable, "a tunnel device").AsException());

        Assert.Equal(FaultCode.NotCapturable, (await Assert.ThrowsAsync<FaultException>(() => capture)).Fault.Code);
        Assert.Empty(node.ListImages());
        await WriteAsync(node.Agent(_id), "/root/kept", "it runs on");
    }

    [Fact]
    public async Task A_damaged_image_is_incompatible_and_images_outlive_a_reboot()
    {
        INode node = await LaunchedAsync();
        await node.CaptureAsync(_id, Image, AfterCapture.StandStill, default);
        INode rebooted = Node(new SimulatedMachine(_time, _machine.Images));
        Assert.NotNull(rebooted.FindImage(Image));

        _machine.Images[Image] = _machine.Images[Image] with { Damaged = true };

        Assert.Null(rebooted.FindImage(Image));
        SandboxId copy = SandboxId.New(DateTimeOffset.UnixEpoch);
        FaultException refused = await Assert.ThrowsAsync<FaultException>(() => node.LaunchAsync(Request(copy) with { From = Image }, _ => { }, default));
        Assert.Equal(FaultCode.IncompatibleImage, refused.Fault.Code);
    }

    private async Task<INode> LaunchedAsync()
    {
        INode node = Node(_machine);
        await node.LaunchAsync(Request(_id), _ => { }, default);
        return node;
    }

    private INode Node(SimulatedMachine machine) => SimulatedDriver.CreateNode(
        _directory, machine, new SimulatedOptions { OnStep = (_, step, _) => _onStep(step) }, LaunchFaults.None,
        new NodeCapabilities("simulated", "us-east", 4, 4096, 20), NullLoggerFactory.Instance);

    private static LaunchRequest Request(SandboxId id) => new(
        id, "box", new TemplateId("tpl-0"), new SandboxResources(1, 128, 1), new Dictionary<string, string>(), true);

    private static ProcessSpec Shell(string script) => new()
    {
        Arguments = ["bash", "-c", script], Environment = new Dictionary<string, string>(), WorkingDirectory = "/", OutputCapacity = 4096,
    };

    private static async Task WriteAsync(IAgent agent, string path, string text) =>
        await agent.Files.WriteAsync(new FilePath(path), new FileWriting(), new MemoryStream(Encoding.UTF8.GetBytes(text)), default);

    private static async Task<string> ReadAsync(IAgent agent, string path)
    {
        FileReading reading = await agent.Files.ReadAsync(new FilePath(path), 0, null, default);
        using var reader = new StreamReader(reading.Content);
        return await reader.ReadToEndAsync();
    }

    private static async Task FirstOutputAsync(IAgent agent, int pid)
    {
        await foreach (ProcessEvent _ in agent.AttachAsync(pid, 0, default))
        {
            return;
        }
    }

    private static async Task<string> OutputAsync(IAgent agent, int pid)
    {
        var text = new StringBuilder();
        await foreach (ProcessEvent happened in agent.AttachAsync(pid, 0, default))
        {
            text.Append(happened is ProcessEvent.Output output ? Encoding.UTF8.GetString(output.Data.Span) : "");
        }

        return text.ToString();
    }
}
