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

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_client_that_goes_leaves_the_process_and_another_can_follow_it_to_its_end_and_after(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        uint pid;
        using (FrameStream<ProcessStreamResponse> left = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", Shell("sleep 1000")))
        {
            pid = (await left.NextAsync())!.Event.Start.Pid;
        }

        var selector = new ProcessSelector { Pid = pid };
        using FrameStream<ProcessStreamResponse> joined = await client.OpenAsync<ProcessStreamResponse>(
            $"{service}/Connect", new ConnectRequest { Process = selector });
        Assert.Equal(pid, (await joined.NextAsync())!.Event.Start.Pid);
        await client.CallAsync<SendSignalResponse>($"{service}/SendSignal", new SendSignalRequest { Process = selector, Signal = Signal.Sigterm });
        ProcessHappening end = Assert.Single(await joined.RestAsync()).Event;
        using FrameStream<ProcessStreamResponse> late = await client.OpenAsync<ProcessStreamResponse>(
            $"{service}/Connect", new ConnectRequest { Process = selector });
        List<ProcessStreamResponse> again = await late.RestAsync();

        Assert.Equal("signal: terminated", end.End.Status);
        Assert.Equal(2, again.Count);
        Assert.Equal(end.End, again[1].Event.End);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task An_unknown_process_is_not_found(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        foreach (ProcessSelector selector in (ProcessSelector[])[new() { Pid = 4711 }, new() { Pid = uint.MaxValue }, new() { Tag = "no" }])
        {
            using FrameStream<ProcessStreamResponse> joined = await client.OpenAsync<ProcessStreamResponse>(
                $"{service}/Connect", new ConnectRequest { Process = selector });
            using FrameStream<StreamInputResponse> fed = await client.OpenAsync<StreamInputResponse>(
                $"{service}/StreamInput", new StreamInputRequest { Start = new StreamInputRequest.Types.Start { Process = selector } });
            Assert.Empty(await joined.RestAsync());
            Assert.Empty(await fed.RestAsync());
            ConnectFailure[] failures =
            [
                joined.Failure!,
                fed.Failure!,
                await client.FailAsync($"{service}/SendSignal", new SendSignalRequest { Process = selector, Signal = Signal.Sigkill }),
            ];

            Assert.All(failures, failure => Assert.Equal("not_found", failure.Code));
            Assert.All(failures, failure => Assert.EndsWith("not found", failure.Message));
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_that_cannot_start_says_why_in_the_last_frame(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        StartRequest missing = Shell("pwd");
        missing.Process.Cwd = "/missing";

        Assert.Equal("invalid_argument", await RefusedAsync(missing));
        Assert.Equal("invalid_argument", await RefusedAsync(new StartRequest()));
        Assert.Equal("invalid_argument", await RefusedAsync(new StartRequest { Process = new ProcessConfig { Cmd = "no-such-program" } }));
        StartRequest flat = Shell("pwd");
        flat.Pty = new Pty();
        Assert.Equal("invalid_argument", await RefusedAsync(flat));
        client.Headers["Authorization"] = "Basic " + Convert.ToBase64String("nobody-such:"u8);
        Assert.Equal("unauthenticated", await RefusedAsync(Shell("pwd")));

        async Task<string> RefusedAsync(StartRequest request)
        {
            using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", request);
            Assert.Empty(await stream.RestAsync());
            return stream.Failure!.Code;
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_starts_in_the_home_of_its_user(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        StartRequest there = Shell("pwd");
        there.Process.Cwd = "/tmp";

        Assert.Equal(service == "process.Process" ? "/home/user\n" : "/root\n", await OutputAsync(client, service, Shell("pwd")));
        Assert.Equal("/tmp\n", await OutputAsync(client, service, there));
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task The_time_of_the_start_is_the_life_time_of_the_process(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec) { Headers = { ["Connect-Timeout-Ms"] = "100" } };

        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", Shell("sleep 1000"));
        List<ProcessStreamResponse> seen = await stream.RestAsync();

        Assert.NotNull(Assert.Single(seen).Event.Start);
        Assert.Equal("deadline_exceeded", stream.Failure!.Code);
        Assert.Empty((await client.CallAsync<ListResponse>($"{service}/List", new ListRequest())).Processes);
    }

    [Fact]
    public async Task The_time_of_any_other_stream_ends_the_stream_and_not_the_process()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");
        using FrameStream<ProcessStreamResponse> started = await client.OpenAsync<ProcessStreamResponse>("process.Process/Start", Shell("sleep 1000"));
        uint pid = (await started.NextAsync())!.Event.Start.Pid;
        client.Headers["Connect-Timeout-Ms"] = "100";

        using FrameStream<ProcessStreamResponse> joined = await client.OpenAsync<ProcessStreamResponse>(
            "process.Process/Connect", new ConnectRequest { Process = new ProcessSelector { Pid = pid } });
        await joined.RestAsync();
        client.Headers.Remove("Connect-Timeout-Ms");

        Assert.Equal("deadline_exceeded", joined.Failure!.Code);
        Assert.Single((await client.CallAsync<ListResponse>("process.Process/List", new ListRequest())).Processes);
    }

    [Theory]
    [InlineData("process.Process")]
    [InlineData("sandboxagent.Process")]
    public async Task A_silent_process_gives_signs_of_life(string service)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json") { Headers = { ["Keepalive-Ping-Interval"] = "1" } };

        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", Shell("sleep 1000"));

        Assert.NotNull((await stream.NextAsync())!.Event.Start);
        Assert.NotNull((await stream.NextAsync())!.Event.Keepalive);
        Assert.NotNull((await stream.NextAsync())!.Event.Keepalive);
    }

    [Fact]
    public async Task Signals_are_taken_by_name_and_by_number_and_others_are_not_served()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");

        Assert.Equal("unimplemented", await SignalAsync("1"));
        Assert.Equal("unimplemented", await SignalAsync("\"SIGNAL_UNSPECIFIED\""));
        Assert.Equal("invalid_argument", await SignalAsync("\"SIGNAL_SIGNOT\""));
        Assert.Equal("not_found", await SignalAsync("9"));
        Assert.Equal("not_found", await SignalAsync("\"SIGNAL_SIGTERM\""));

        async Task<string> SignalAsync(string signal)
        {
            using HttpResponseMessage reply = await client.SendAsync(
                "process.Process/SendSignal", "application/json",
                System.Text.Encoding.UTF8.GetBytes($"{{\"process\":{{\"pid\":4711}},\"signal\":{signal}}}"));
            return (await ConnectFailure.OfAsync(reply)).Code;
        }
    }

    [Fact]
    public async Task A_tag_of_a_client_is_never_taken_for_a_run_of_the_servers()
    {
        RunningBox box = await server.CreateAsync();
        var client = new ConnectClient(server, box, "json");
        StartRequest request = Shell("sleep 1000");
        request.Tag = "exec:1:99999999999999";
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>("process.Process/Start", request);
        await stream.NextAsync();

        ProcessDescription listed = Assert.Single((await client.CallAsync<ListResponse>("process.Process/List", new ListRequest())).Processes);
        using var active = new HttpRequestMessage(HttpMethod.Get, $"/v1/sandboxes/{box.Name}/exec");
        active.Headers.Add("X-API-Key", server.Key);
        Reply runs = await Reply.OfAsync(await server.Client.SendAsync(active));

        Assert.Equal("exec:1:99999999999999", listed.Tag);
        Assert.DoesNotContain("sleep 1000", runs.Text);
    }

    [Fact]
    public async Task A_million_tiny_messages_of_input_are_gone_through()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "proto");
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>("process.Process/Start", Shell("sleep 1000"));
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };
        byte[] start = client.Frame(new StreamInputRequest { Start = new StreamInputRequest.Types.Start { Process = selector } });
        byte[] sign = client.Frame(new StreamInputRequest { Keepalive = new StreamInputRequest.Types.KeepAlive() });
        byte[] body = new byte[start.Length + (sign.Length * 1_000_000)];
        start.CopyTo(body, 0);
        for (int at = start.Length; at < body.Length; at += sign.Length)
        {
            sign.CopyTo(body, at);
        }

        using FrameStream<StreamInputResponse> fed = await client.OpenAsync<StreamInputResponse>("process.Process/StreamInput", new ByteArrayContent(body));

        Assert.Single(await fed.RestAsync());
        Assert.Null(fed.Failure);
    }

    private static async Task<string> OutputAsync(ConnectClient client, string service, StartRequest request)
    {
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", request);
        return string.Concat((await stream.RestAsync()).Select(message => message.Event.Data?.Stdout.ToStringUtf8()));
    }

    internal static StartRequest Shell(string script) =>
        new() { Process = new ProcessConfig { Cmd = "/bin/bash", Args = { "-c", script } } };
}
