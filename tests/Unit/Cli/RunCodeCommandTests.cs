using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class RunCodeCommandTests : CliRun
{
    private const string Execute = "sandboxagent.ExecutionService/Execute";

    [Fact]
    public async Task What_code_says_is_shown_and_its_values_too()
    {
        Script(
            """{"stdout":{"content":"hi\n"}}""", """{"stderr":{"content":"oh\n"}}""", """{"result":{"text":"42","isMainResult":true}}""", "{}");

        Assert.Equal(0, await RunAsync("sandbox", "run-code", Id, "6*7", "--language", "python", "--env", "A=b", "--context", "c1"));

        Assert.Equal(("hi\n42\n", "oh\n"), (Output, Error));
        JsonNode expected = JsonNode.Parse("""{"contextId":"c1","code":"6*7","language":"python","envVars":{"A":"b"}}""")!;
        JsonNode sent = Server.Requests.Single(request => request.Target == "/" + Execute).ToRpcJson();
        Assert.True(JsonNode.DeepEquals(expected, sent), sent.ToJsonString());
    }

    [Fact]
    public async Task Code_that_fails_shows_its_traceback_and_gives_1()
    {
        Script("""{"error":{"name":"NameError","value":"x","traceback":"Traceback: NameError: x"}}""", "{}");

        Assert.Equal(1, await RunAsync("sandbox", "run-code", Id, "x"));

        Assert.Equal("Traceback: NameError: x\n", Error);
    }

    [Fact]
    public async Task Code_comes_from_standard_input_or_a_file_as_well()
    {
        Script("{}");
        Input = "from stdin";
        Assert.Equal(0, await RunAsync("sandbox", "run-code", Id));
        string file = Path.Combine(Home, "code.py");
        await File.WriteAllTextAsync(file, "from a file");
        Assert.Equal(0, await RunAsync("sandbox", "run-code", Id, "--file", file));

        Assert.Equal(
            ["from stdin", "from a file"],
            Server.Requests.Where(request => request.Target == "/" + Execute).Select(request => (string)request.ToRpcJson()["code"]!));
    }

    [Fact]
    public async Task A_picture_is_kept_where_the_user_wants_it()
    {
        Script($$$"""{"result":{"text":"<Figure>","png":"{{{Convert.ToBase64String([1, 2, 3])}}}"}}""", "{}");
        string directory = Path.Combine(Home, "pictures");

        Assert.Equal(0, await RunAsync("sandbox", "run-code", Id, "plot()", "--save", directory));

        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(directory, "result-1.png")));
        Assert.Equal("", Output);
    }

    [Fact]
    public async Task An_unknown_language_is_told_in_the_servers_words()
    {
        Script("""{"error":{"code":"invalid_argument","message":"language 'cobol' is unknown"}}""");

        Assert.Equal(1, await RunAsync("sandbox", "run-code", Id, "x", "--language", "cobol"));

        Assert.Equal("Error: language 'cobol' is unknown\n", Error);
    }

    private void Script(params string[] messages)
    {
        Server.OnData($"GET /v1/sandboxes/{Id}", 200, Sandbox());
        Server.OnRpc(Execute, Task.CompletedTask, messages);
    }
}
