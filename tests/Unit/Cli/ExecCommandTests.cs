using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class ExecCommandTests : CliRun
{
    private const string Start = $"POST /v1/sandboxes/{Id}/exec";
    private const string Stream = $"GET /v1/sandboxes/{Id}/exec/stream";
    private const string Cancel = $"DELETE /v1/sandboxes/{Id}/exec";

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(139)]
    public async Task Output_goes_where_it_belongs_and_the_exit_code_passes_through(int exitCode)
    {
        Script(WireServer.Output("stdout", "out\0\n"), WireServer.Output("stderr", "err"), WireServer.End(exitCode));

        Assert.Equal(exitCode, await RunAsync("sandbox", "exec", Id, "make all", "--cwd", "/src", "--timeout", "60", "--env", "A=b"));

        Assert.Equal(("out\0\n", "err"), (Output, Error));
        JsonNode expected = JsonNode.Parse("""{"command":"make all","cwd":"/src","timeout":60,"env":{"A":"b"}}""")!;
        Assert.True(JsonNode.DeepEquals(expected, Server.Requests[0].ToJson()), Server.Requests[0].Body);
    }

    [Theory]
    [InlineData(new[] { "ls -la" }, "ls -la")]
    [InlineData(new[] { "--", "ls", "-la", "--timeout" }, "ls -la --timeout")]
    public async Task Several_words_make_one_command(string[] words, string expected)
    {
        Script(WireServer.End(0));

        Assert.Equal(0, await RunAsync(["sandbox", "exec", Id, .. words]));

        Assert.Equal(expected, (string)Server.Requests[0].ToJson()["command"]!);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_arrive_unchanged()
    {
        Script($"event: stdout\ndata: {{\"data_b64\":\"{Convert.ToBase64String([0xff, 0xfe, 0x00])}\"}}", WireServer.End(0));
        using MemoryStream seen = new();

        await RunAsync("sandbox", "exec", Id, "x");
        Terminal!.RawOutput.Position = 0;
        Terminal.RawOutput.CopyTo(seen);

        Assert.Equal([0xff, 0xfe, 0x00], seen.ToArray());
    }

    [Fact]
    public async Task Dropped_output_is_warned_about_on_standard_error()
    {
        Script(WireServer.Output("stdout", "a"), "event: dropped\ndata: {\"from\":1,\"to\":4097}", WireServer.Output("stdout", "z"), WireServer.End(0));

        Assert.Equal(0, await RunAsync("sandbox", "exec", Id, "yes"));

        Assert.Equal("az", Output);
        Assert.StartsWith("Warning: 4096 bytes of output were dropped", Error);
    }

    [Fact]
    public async Task The_first_interrupt_cancels_the_command_and_its_last_words_are_shown()
    {
        TaskCompletionSource cancelled = new();
        PlayUntil(cancelled.Task, WireServer.Output("stdout", "bye"), WireServer.End(137));
        Server.On(Cancel, async http =>
        {
            cancelled.SetResult();
            await WireServer.JsonAsync(http, 200, """{"cancelled":true}""");
        });

        Task<int> run = RunAsync("sandbox", "exec", Id, "sleep 1000");
        await UntilAsync(() => Output.Contains("running"));
        Terminal!.Interrupt();

        Assert.Equal(130, await run);
        Assert.EndsWith("bye", Output);
        Assert.Contains("Cancelling the command", Error);
    }

    [Fact]
    public async Task The_second_interrupt_quits_although_the_command_does_not_end()
    {
        PlayUntil(Task.Delay(Timeout.Infinite));
        Server.OnJson(Cancel, 200, """{"cancelled":true}""");

        Task<int> run = RunAsync("sandbox", "exec", Id, "sleep 1000");
        await UntilAsync(() => Output.Contains("running"));
        Terminal!.Interrupt();
        await UntilAsync(() => Server.Requests.Any(request => request.Method == "DELETE"));
        Terminal.Interrupt();

        Assert.Equal(130, await run);
    }

    [Fact]
    public async Task A_command_that_the_server_kills_at_its_limit_is_124()
    {
        Server.OnJson(Start, 201, """{"stream_path":"/x"}""");
        Server.On(Stream, async http =>
        {
            await Task.Delay(1100);
            await WireServer.EventAsync(http, WireServer.End(137));
        });

        Assert.Equal(124, await RunAsync("sandbox", "exec", Id, "sleep 9", "--timeout", "1"));

        Assert.StartsWith("Error: the command was killed after 1 s", Error);
    }

    [Fact]
    public async Task A_server_that_does_not_enforce_the_limit_is_asked_to_cancel()
    {
        TaskCompletionSource cancelled = new();
        PlayUntil(cancelled.Task, WireServer.End(137));
        Server.On(Cancel, async http =>
        {
            cancelled.SetResult();
            await WireServer.JsonAsync(http, 200, """{"cancelled":true}""");
        });

        Assert.Equal(124, await RunAsync("sandbox", "exec", Id, "sleep 9", "--timeout", "1"));
    }

    [Theory]
    [InlineData(409, "another command runs in this sandbox")]
    [InlineData(404, "no such sandbox")]
    public async Task A_command_that_cannot_start_fails_with_the_reason(int status, string reason)
    {
        Server.OnError(Start, status, "code", reason);

        Assert.Equal(1, await RunAsync("sandbox", "exec", Id, "ls"));

        Assert.StartsWith($"Error: {reason}", Error);
    }

    [Fact]
    public async Task A_run_that_the_server_lost_is_an_error()
    {
        Script("event: error\ndata: {\"code\":\"agent_unavailable\",\"message\":\"the sandbox was terminated\"}");

        Assert.Equal(1, await RunAsync("sandbox", "exec", Id, "ls"));

        Assert.Equal("Error: the sandbox was terminated\n", Error);
    }

    [Fact]
    public async Task A_limit_below_a_second_is_wrong_usage() =>
        Assert.Equal(2, await RunAsync("sandbox", "exec", Id, "ls", "--timeout", "0"));

    private void Script(params string[] events)
    {
        Server.OnJson(Start, 201, """{"stream_path":"/x","started_at":"2026-04-17T12:34:56Z","deadline":"2026-04-17T13:34:56Z"}""");
        Server.OnEvents(Stream, events);
    }

    /// <summary>The command says "running", waits, and then the rest happens.</summary>
    private void PlayUntil(Task until, params string[] events)
    {
        Server.OnJson(Start, 201, """{"stream_path":"/x"}""");
        Server.On(Stream, async http =>
        {
            await WireServer.EventAsync(http, WireServer.Output("stdout", "running", 7));
            await until.WaitAsync(http.RequestAborted);
            foreach (string item in events)
            {
                await WireServer.EventAsync(http, item);
            }
        });
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(20);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < limit, "it did not happen within 20 s");
            await Task.Delay(10);
        }
    }
}
