using System.Text;
using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class TerminalCommandTests : CliRun
{
    private const string Start = "sandboxagent.Process/Start";
    private const string Sandbox = $"GET /v1/sandboxes/{Id}";

    [Fact]
    public async Task A_shell_runs_on_a_terminal_of_the_users_size_and_its_exit_code_passes_through()
    {
        (InputIsTerminal, Environment["TERM"]) = (true, "vt220");
        Script(Said("$ exit\r\n"), """{"event":{"end":{"exitCode":3,"exited":true,"status":"exit status 3"}}}""", "{}");

        Assert.Equal(3, await RunAsync("sandbox", "sh", Id, "--cwd", "/src"));

        Assert.Equal("$ exit\r\n", Output);
        WireRequest start = Server.Requests.Single(request => request.Target == "/" + Start);
        JsonNode expected = JsonNode.Parse(
            """{"process":{"cmd":"/bin/bash","args":["-i","-l"],"envs":{"TERM":"vt220"},"cwd":"/src"},"pty":{"size":{"cols":100,"rows":30}}}""")!;
        Assert.True(JsonNode.DeepEquals(expected, start.ToRpcJson()), start.Body);
        Assert.Equal((Id, "token-of-it"), (start.Headers["X-Sandbox-ID"], start.Headers["X-Access-Token"]));
    }

    [Fact]
    public async Task The_terminal_is_as_it_was_however_the_session_ends()
    {
        InputIsTerminal = true;
        Script(Said("half"), """{"error":{"code":"unavailable","message":"the sandbox ended"}}""");

        Assert.Equal(1, await RunAsync("sandbox", "sh", Id));

        Assert.Equal((false, 1), Raw);
        Assert.Contains("the sandbox ended", Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_typed_goes_to_the_process()
    {
        (InputIsTerminal, Input) = (true, "ls\u0003");
        var typed = new TaskCompletionSource<JsonNode>();
        Server.On("POST /sandboxagent.Process/SendInput", async http =>
        {
            await WireServer.JsonAsync(http, 200, "{}");
            typed.TrySetResult(Server.Requests.Last(request => request.Target.EndsWith("/SendInput", StringComparison.Ordinal)).ToJson());
        });
        Script(typed.Task, """{"event":{"end":{"exited":true,"status":"exit status 0"}}}""", "{}");

        Assert.Equal(0, await RunAsync("sandbox", "exec", "-t", Id, "cat"));

        JsonNode sent = await typed.Task;
        Assert.Equal(7, (int)sent["process"]!["pid"]!);
        Assert.Equal("ls\u0003", Encoding.UTF8.GetString(Convert.FromBase64String((string)sent["input"]!["pty"]!)));
    }

    [Fact]
    public async Task What_could_not_be_sent_is_told_and_the_session_goes_on()
    {
        (InputIsTerminal, Input) = (true, "k");
        var refused = new TaskCompletionSource();
        Server.On("POST /sandboxagent.Process/SendInput", async http =>
        {
            await WireServer.JsonAsync(http, 503, """{"code":"unavailable","message":"not now"}""");
            refused.TrySetResult();
        });
        var told = Task.Run(async () =>
        {
            await refused.Task;
            while (!Error.Contains("not now", StringComparison.Ordinal))
            {
                await Task.Yield();
            }
        });
        Script(told, """{"event":{"end":{"exitCode":4,"exited":true,"status":"exit status 4"}}}""", "{}");

        Assert.Equal(4, await RunAsync("sandbox", "sh", Id));

        Assert.Equal("\r\nWarning: not sent: not now\r\n", Error);
    }

    [Fact]
    public async Task A_process_that_a_signal_ended_gives_137()
    {
        InputIsTerminal = true;
        Script("""{"event":{"end":{"exitCode":-1,"exited":false,"status":"signal: killed"}}}""", "{}");

        Assert.Equal(137, await RunAsync("sandbox", "exec", "-t", Id, "sleep", "100"));
    }

    [Theory]
    [InlineData(true, "", 1)]
    [InlineData(false, "", 0)]
    [InlineData(true, "--no-terminal", 0)]
    [InlineData(true, "--output=json", 0)]
    public async Task A_create_opens_a_shell_for_a_person_who_does_not_say_otherwise(bool person, string option, int shells)
    {
        (InputIsTerminal, OutputIsTerminal) = (true, person);
        Server.OnData("POST /v1/sandboxes", 201, Wire.Sandbox());
        Script("""{"event":{"end":{"exited":true,"status":"exit status 0"}}}""", "{}");

        Assert.Equal(0, await RunAsync(["sandbox", "create", .. option.Length > 0 ? new[] { option } : []]));

        Assert.Equal(shells, Server.Requests.Count(request => request.Target == "/" + Start));
    }

    [Theory]
    [InlineData("sandbox", "sh", Id)]
    [InlineData("sandbox", "exec", "-t", Id, "top")]
    public async Task Without_a_terminal_there_is_a_reason_and_nothing_is_started(params string[] command)
    {
        Script("{}");

        Assert.Equal(1, await RunAsync(command));

        Assert.Contains("not a terminal", Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Server.Requests, request => request.Target == "/" + Start);
    }

    private static string Said(string text) =>
        $$"""{"event":{"data":{"pty":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}"} } }""";

    private void Script(params string[] events) => Script(Task.CompletedTask, events);

    /// <summary>Starts process 7; the events come once something has happened.</summary>
    private void Script(Task first, params string[] events)
    {
        Server.OnData(Sandbox, 200, Wire.Sandbox());
        Server.OnRpc(Start, first, ["""{"event":{"start":{"pid":7}}}""", .. events]);
    }
}
