using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Code;
using Atoll.Unit.Api;
using Atoll.Unit.DataPlane;
using Xunit;

namespace Atoll.Unit.Code;

/// <summary>sandboxagent.ExecutionService and sandboxagent.ContextService (contracts/scalebox.md 3.6, 4).</summary>
public sealed class CodeServicesTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private const string Execute = "sandboxagent.ExecutionService/Execute";

    [Theory]
    [InlineData("json")]
    [InlineData("proto")]
    public async Task Code_without_a_value_still_has_a_final_result(string codec)
    {
        server.Code.Answers["print"] = [new CodeEvent.Output(false, "hi\n", default), CodeDouble.End(7)];

        List<ExecuteResponse> told = await RunAsync(codec, new ExecuteRequest { Code = "print", Language = "python", EnvVars = { ["A"] = "b" } });

        Assert.Equal("hi\n", told[0].Stdout.Content);
        Assert.Equal((0, 7, true), (told[1].Result.ExitCode, told[1].Result.ExecutionCount, told[1].Result.IsMainResult));
        Assert.Equal(TimeSpan.FromSeconds(2), told[1].Result.FinishedAt.ToDateTimeOffset() - told[1].Result.StartedAt.ToDateTimeOffset());
        Assert.Equal(("/workspace", "b", null), (server.Code.Asked!.WorkingDirectory, server.Code.Asked.Environment["A"], server.Code.Asked.Context));
    }

    [Fact]
    public async Task The_value_of_the_last_expression_is_the_main_result_and_no_other()
    {
        server.Code.Answers["value"] = [new CodeEvent.Shown(new CodeResult { Text = "2", IsMain = true }, 4), CodeDouble.End(4)];

        List<ExecuteResponse> told = await RunAsync("json", new ExecuteRequest { Code = "value" });

        Assert.Equal([true, false], told.Select(message => message.Result.IsMainResult));
        Assert.Equal(("2", 4), (told[0].Result.Text, told[0].Result.ExecutionCount));
    }

    [Fact]
    public async Task Code_that_fails_has_an_error_and_no_main_result()
    {
        server.Code.Answers["fails"] = [new CodeEvent.Error("ValueError", "bad", "Traceback"), CodeDouble.End(5, exitCode: 1)];

        List<ExecuteResponse> told = await RunAsync("json", new ExecuteRequest { Code = "fails" });

        Assert.Equal(("ValueError", "bad", "Traceback"), (told[0].Error.Name, told[0].Error.Value, told[0].Error.Traceback));
        Assert.Equal((1, false), (told[1].Result.ExitCode, told[1].Result.IsMainResult));
    }

    [Fact]
    public async Task A_context_keeps_the_spelling_of_its_language_until_it_is_destroyed()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");

        Context context = await client.CallAsync<Context>("sandboxagent.ContextService/CreateContext", new CreateContextRequest { Language = "python3" });

        Assert.Equal(("python3", "/workspace"), (context.Language, context.Cwd));
        Assert.True((await client.CallAsync<DestroyContextResponse>(
            "sandboxagent.ContextService/DestroyContext", new DestroyContextRequest { ContextId = context.Id })).Success);
        Assert.Equal("not_found", (await client.FailAsync(
            "sandboxagent.ContextService/DestroyContext", new DestroyContextRequest { ContextId = context.Id })).Code);
    }

    private async Task<List<ExecuteResponse>> RunAsync(string codec, ExecuteRequest request)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        using FrameStream<ExecuteResponse> stream = await client.OpenAsync<ExecuteResponse>(Execute, request);
        return await stream.RestAsync();
    }
}
