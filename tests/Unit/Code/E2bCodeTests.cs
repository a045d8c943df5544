using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Domain.Code;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Code;

/// <summary>E2B's code interpreter on port 49999 (contracts/e2b.md 4).</summary>
public sealed class E2bCodeTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task What_becomes_of_code_is_told_line_by_line()
    {
        RunningBox box = await server.CreateAsync();
        server.Code.Answers["all"] =
        [
            new CodeEvent.Output(false, "out\n", DateTimeOffset.UnixEpoch),
            new CodeEvent.Output(true, "err\n", DateTimeOffset.UnixEpoch),
            new CodeEvent.Shown(new CodeResult { Text = "t", Html = "<b>", Json = """{"a":1}""", Extra = new Dictionary<string, string> { ["x/y"] = "[2]" }, IsMain = true }, 3),
            new CodeEvent.Error("NameError", "no x", "Traceback"),
            CodeDouble.End(3, exitCode: 1),
        ];

        Reply reply = await SendAsync(box, HttpMethod.Post, "/execute", new { code = "all", env_vars = new Dictionary<string, string> { ["A"] = "1" }, language = "js" });

        Assert.Equal(200, reply.Status);
        Assert.Equal(
            """
            {"type":"stdout","text":"out\n","timestamp":"1970-01-01T00:00:00.0000000Z"}
            {"type":"stderr","text":"err\n","timestamp":"1970-01-01T00:00:00.0000000Z"}
            {"type":"result","text":"t","html":"\u003Cb\u003E","json":{"a":1},"extra":{"x/y":[2]},"is_main_result":true}
            {"type":"error","name":"NameError","value":"no x","traceback":"Traceback"}
            {"type":"number_of_executions","execution_count":3}
            {"type":"end_of_execution"}

            """,
            reply.Text);
        Assert.Equal(("js", "1", "/home/user"), (server.Code.Asked!.Language, server.Code.Asked.Environment["A"], server.Code.Asked.WorkingDirectory));
    }

    [Theory]
    [InlineData("""{"code":"1","context_id":"no-such"}""", 404)]
    [InlineData("""{"code":"1","context_id":"a","language":"python"}""", 400)]
    [InlineData("""{"language":"python"}""", 400)]
    [InlineData("[]", 400)]
    public async Task Failures_are_plain_text_with_a_status(string body, int status)
    {
        RunningBox box = await server.CreateAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        Reply reply = await SendAsync(box, HttpMethod.Post, "/execute", content);

        Assert.Equal(status, reply.Status);
        Assert.NotEmpty(reply.Text);
        Assert.False(reply.Text.StartsWith('{'), reply.Text);
    }

    [Fact]
    public async Task Contexts_are_made_listed_restarted_and_destroyed()
    {
        RunningBox box = await server.CreateAsync();

        Reply made = await SendAsync(box, HttpMethod.Post, "/contexts", new { language = "ts", cwd = "/tmp" });
        JsonElement context = JsonDocument.Parse(made.Text).RootElement;
        string id = context.GetProperty("id").GetString()!;

        Assert.Equal(("typescript", "/tmp"), (context.GetProperty("language").GetString(), context.GetProperty("cwd").GetString()));
        Assert.Contains(id, (await SendAsync(box, HttpMethod.Get, "/contexts")).Text);
        Assert.Equal(204, (await SendAsync(box, HttpMethod.Post, $"/contexts/{id}/restart")).Status);
        Assert.Equal(204, (await SendAsync(box, HttpMethod.Delete, $"/contexts/{id}")).Status);
        Assert.Equal(404, (await SendAsync(box, HttpMethod.Delete, $"/contexts/{id}")).Status);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_what_it_ran()
    {
        RunningBox box = await server.CreateAsync();
        server.Code.Answers[CodeDouble.Endless] = [new CodeEvent.Output(false, "begun\n", DateTimeOffset.UnixEpoch)];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/execute") { Content = JsonContent.Create(new { code = CodeDouble.Endless }) };
        request.Headers.Add("E2b-Sandbox-Id", box.Name);
        request.Headers.Add("X-Access-Token", box.Token);

        HttpResponseMessage reply = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        reply.Dispose();

        await server.Code.Interrupted.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private Task<Reply> SendAsync(RunningBox box, HttpMethod method, string path, object? body = null) =>
        server.SendAsync(box, method, path, body as HttpContent ?? (body is null ? null : JsonContent.Create(body)));
}
