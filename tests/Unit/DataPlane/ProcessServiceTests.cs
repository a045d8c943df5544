using Atoll.Api.DataPlane.Messages;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ProcessServiceTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    public static TheoryData<string, string> Everywhere => new()
    {
        { "process.Process", "json" },
        { "process.Process", "proto" },
        { "sandboxagent.Process", "json" },
        { "sandboxagent.Process", "proto" },
    };

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_tells_its_start_its_output_and_its_end_once(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);

        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>(
            $"{service}/Start", Shell("echo one; echo two >&2; exit 3"));
        List<ProcessHappening> seen = [.. (await stream.RestAsync()).Select(message => message.Event)];

        Assert.Null(stream.Failure);
        Assert.True(seen[0].Start.Pid > 0);
        Assert.Equal("one\n", string.Concat(seen.Select(happening => happening.Data?.Stdout.ToStringUtf8())));
        Assert.Equal("two\n", string.Concat(seen.Select(happening => happening.Data?.Stderr.ToStringUtf8())));
        Assert.Single(seen, happening => happening.End is not null);
        Assert.Equal(
            new ProcessHappening.Types.End { ExitCode = 3, Exited = true, Status = "exit status 3", Error = "exit status 3" }, seen[^1].End);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_is_listed_by_tag_signalled_and_ends_by_the_signal(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        StartRequest request = Shell("sleep 1000");
        request.Tag = "mine";

        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", request);
        uint pid = (await stream.NextAsync())!.Event.Start.Pid;
        ProcessDescription listed = Assert.Single((await client.CallAsync<ListResponse>($"{service}/List", new ListRequest())).Processes);
        await client.CallAsync<SendSignalResponse>(
            $"{service}/SendSignal", new SendSignalRequest { Process = new ProcessSelector { Tag = "mine" }, Signal = Signal.Sigkill });
        List<ProcessStreamResponse> rest = await stream.RestAsync();

        Assert.Equal((pid, "mine", "/bin/bash"), (listed.Pid, listed.Tag, listed.Config.Cmd));
        Assert.Equal(["-c", "sleep 1000"], listed.Config.Args);
        Assert.Equal(
            new ProcessHappening.Types.End { ExitCode = -1, Exited = false, Status = "signal: killed", Error = "signal: killed" },
            Assert.Single(rest).Event.End);
        Assert.Empty((await client.CallAsync<ListResponse>($"{service}/List", new ListRequest())).Processes);
    }

    internal static StartRequest Shell(string script) =>
        new() { Process = new ProcessConfig { Cmd = "/bin/bash", Args = { "-c", script } } };
}
