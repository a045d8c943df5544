using Atoll.Api.DataPlane.Messages;
using Atoll.Unit.Api;
using Google.Protobuf;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ProcessInputTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    public static TheoryData<string, string> Everywhere => ProcessServiceTests.Everywhere;

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Input_reaches_a_process_and_its_end_too(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", ProcessServiceTests.Shell("cat; exit 7"));
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };

        await client.CallAsync<SendInputResponse>($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Stdin("one\n") });
        Assert.Equal("one\n", await TextAsync(stream, 4));
        byte[] body =
        [
            .. client.Frame(new StreamInputRequest { Start = new StreamInputRequest.Types.Start { Process = selector } }),
            .. client.Frame(new StreamInputRequest { Data = new StreamInputRequest.Types.Data { Input = Stdin("two\n") } }),
            .. client.Frame(new StreamInputRequest { Keepalive = new StreamInputRequest.Types.KeepAlive() }),
            .. client.Frame(new StreamInputRequest { Data = new StreamInputRequest.Types.Data { Input = Stdin("three\n") } }),
        ];
        using FrameStream<StreamInputResponse> fed = await client.OpenAsync<StreamInputResponse>($"{service}/StreamInput", new ByteArrayContent(body));
        Assert.Single(await fed.RestAsync());
        Assert.Equal("two\nthree\n", await TextAsync(stream, 10));
        await client.CallAsync<CloseStdinResponse>($"{service}/CloseStdin", new CloseStdinRequest { Process = selector });

        Assert.Equal(7, Assert.Single(await stream.RestAsync()).Event.End.ExitCode);
        Assert.Equal(
            "not_found", (await client.FailAsync($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Stdin("x") })).Code);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_on_a_terminal_is_typed_at_and_resized(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        StartRequest request = ProcessServiceTests.Shell("echo ready; cat");
        request.Pty = new Pty { Size = new Pty.Types.Size { Cols = 80, Rows = 24 } };
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", request);
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };
        var size = new Pty { Size = new Pty.Types.Size { Cols = 132, Rows = 43 } };

        Assert.Equal("ready\r\n", await TextAsync(stream, 7));
        await client.CallAsync<SendInputResponse>($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Typed("hi\n") });
        Assert.Equal("hi\r\nhi\r\n", await TextAsync(stream, 8));
        await client.CallAsync<UpdateResponse>($"{service}/Update", new UpdateRequest { Process = selector, Pty = size });
        await client.CallAsync<UpdateResponse>($"{service}/Update", new UpdateRequest { Process = selector });
        await client.CallAsync<SendInputResponse>($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Typed("\u0003") });

        Assert.Equal("signal: interrupt", (await stream.RestAsync())[^1].Event.End.Status);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_process_without_input_or_terminal_says_so(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        StartRequest request = ProcessServiceTests.Shell("sleep 1000");
        request.Stdin = false;
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>($"{service}/Start", request);
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };
        var size = new Pty { Size = new Pty.Types.Size { Cols = 132, Rows = 43 } };

        Assert.Equal(
            "failed_precondition", (await client.FailAsync($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Stdin("x") })).Code);
        Assert.Equal("failed_precondition", (await client.FailAsync($"{service}/Update", new UpdateRequest { Process = selector, Pty = size })).Code);
        Assert.Equal("invalid_argument", (await client.FailAsync($"{service}/SendInput", new SendInputRequest { Process = selector })).Code);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task An_unknown_process_takes_nothing(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        var size = new Pty { Size = new Pty.Types.Size { Cols = 132, Rows = 43 } };
        foreach (ProcessSelector selector in (ProcessSelector[])[new() { Pid = 4711 }, new() { Tag = "no" }])
        {
            ConnectFailure[] failures =
            [
                await client.FailAsync($"{service}/SendInput", new SendInputRequest { Process = selector, Input = Stdin("x") }),
                await client.FailAsync($"{service}/CloseStdin", new CloseStdinRequest { Process = selector }),
                await client.FailAsync($"{service}/Update", new UpdateRequest { Process = selector, Pty = size }),
            ];

            Assert.All(failures, failure => Assert.Equal("not_found", failure.Code));
            Assert.All(failures, failure => Assert.EndsWith("not found", failure.Message));
        }
    }

    [Fact]
    public async Task Input_of_many_megabytes_goes_in_one_message_and_more_than_sixteen_does_not()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "proto");
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>("process.Process/Start", ProcessServiceTests.Shell("cat"));
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };
        const int size = 6_000_000;

        Task<SendInputResponse> sent = client.CallAsync<SendInputResponse>(
            "process.Process/SendInput", new SendInputRequest { Process = selector, Input = Stdin(new string('x', size)) });
        int seen = (await TextAsync(stream, size)).Length;
        await sent;
        ConnectFailure refused = await client.FailAsync(
            "process.Process/SendInput", new SendInputRequest { Process = selector, Input = Stdin(new string('x', 16 * 1024 * 1024)) });

        Assert.Equal(size, seen);
        Assert.Equal("resource_exhausted", refused.Code);
    }

    /// <summary>Output up to a length.</summary>
    private static async Task<string> TextAsync(FrameStream<ProcessStreamResponse> stream, int length)
    {
        var text = new System.Text.StringBuilder();
        while (text.Length < length && await stream.NextAsync() is { } message)
        {
            Assert.NotNull(message.Event.Data);
            text.Append((message.Event.Data.HasPty ? message.Event.Data.Pty : message.Event.Data.Stdout).ToStringUtf8());
        }

        return text.ToString();
    }

    private static ProcessInput Stdin(string text) => new() { Stdin = ByteString.CopyFromUtf8(text) };

    private static ProcessInput Typed(string text) => new() { Pty = ByteString.CopyFromUtf8(text) };
}
