using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Messages;
using Atoll.Unit.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ConnectProtocolTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    private const string Stat = "filesystem.Filesystem/Stat";
    private const string Start = "process.Process/Start";

    [Fact]
    public async Task No_call_is_answered_to_the_token_of_another_sandbox()
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();
        string[] calls = [.. Calls()];

        Assert.True(calls.Length >= 34, $"{calls.Length} calls");
        foreach (string call in calls)
        {
            foreach (string token in (string[])[other.Token, "", box.Token + "x"])
            {
                foreach (string type in (string[])["application/json", "application/connect+json", "application/proto", "application/connect+proto"])
                {
                    using HttpResponseMessage reply =
                        await new ConnectClient(server, box with { Token = token }, "json").SendAsync(call, type, [0, 0, 0, 0, 2, (byte)'{', (byte)'}']);
                    ConnectFailure failure = await ConnectFailure.OfAsync(reply);
                    Assert.Equal((401, "unauthenticated"), (failure.Status, failure.Code));
                }
            }
        }
    }

    [Fact]
    public async Task A_sandbox_that_does_not_run_is_a_bad_gateway()
    {
        RunningBox box = await server.CreateAsync();
        using (var end = new HttpRequestMessage(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}?force=true"))
        {
            end.Headers.Add("X-API-Key", server.Key);
            Assert.True((await server.Client.SendAsync(end)).IsSuccessStatusCode);
        }

        var client = new ConnectClient(server, box, "json");
        foreach ((string call, string type) in ((string, string)[])[(Stat, "application/json"), (Start, "application/connect+json")])
        {
            using HttpResponseMessage reply = await client.SendAsync(call, type, Encoding.UTF8.GetBytes("{}"));

            Assert.Equal(HttpStatusCode.BadGateway, reply.StatusCode);
            JsonElement body = JsonDocument.Parse(await reply.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal((box.Id.Value, 502), (body.GetProperty("sandboxId").GetString(), body.GetProperty("code").GetInt32()));
        }
    }

    [Theory]
    [InlineData(Stat, "application/connect+json", 415)]
    [InlineData(Stat, "text/plain", 415)]
    [InlineData(Stat, "application/json; charset=latin1", 415)]
    [InlineData(Start, "application/json", 415)]
    [InlineData("filesystem.Filesystem/Nothing", "application/json", 404)]
    [InlineData("filesystem.Nothing/Stat", "application/proto", 404)]
    public async Task What_is_no_call_is_refused(string call, string type, int status)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");

        using HttpResponseMessage reply = await client.SendAsync(call, type, Encoding.UTF8.GetBytes("{}"));

        Assert.Equal(status, (int)reply.StatusCode);
        Assert.Equal(status == 415, reply.Headers.Contains("Accept-Post"));
        Assert.Equal(status == 415 ? "unknown" : "unimplemented", (await ConnectFailure.OfAsync(reply)).Code);
    }

    [Fact]
    public async Task Only_POST_is_a_call()
    {
        RunningBox box = await server.CreateAsync();

        Reply reply = await server.SendAsync(box, HttpMethod.Get, "/" + Stat);

        Assert.Equal(405, reply.Status);
        Assert.Equal(["POST"], reply.Message.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "2", "{}", "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "soon", "{}", "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "12345678901", "{}", "invalid_argument")]
    [InlineData("X-Other", "1", "{\"path\":", "invalid_argument")]
    [InlineData("X-Other", "1", "", "invalid_argument")]
    [InlineData("X-Other", "1", "[]", "invalid_argument")]
    [InlineData("X-Other", "1", "{\"path\":7}", "invalid_argument")]
    [InlineData("X-Other", "1", "{\"path\":\"/x\"}", "not_found")]
    [InlineData("X-Other", "1", "{\"path\":\"/x\",\"else\":{\"deep\":[1]}}", "not_found")]
    public async Task A_call_that_is_not_as_the_protocol_says_is_told_what_is_wrong(string header, string value, string body, string code)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json") { Headers = { [header] = value } };

        using HttpResponseMessage reply = await client.SendAsync(Stat, "application/json", Encoding.UTF8.GetBytes(body));

        Assert.Equal(code, (await ConnectFailure.OfAsync(reply)).Code);
    }

    [Fact]
    public async Task Invalid_UTF8_and_endless_nesting_are_no_messages()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");
        byte[] nested = Encoding.UTF8.GetBytes($"{{\"x\":{new string('[', 100_000)}");

        using HttpResponseMessage bytes = await client.SendAsync(Stat, "application/json", [(byte)'{', 0xff, (byte)'}']);
        using HttpResponseMessage deep = await client.SendAsync(Stat, "application/json", nested);

        Assert.Equal("invalid_argument", (await ConnectFailure.OfAsync(bytes)).Code);
        Assert.Equal("invalid_argument", (await ConnectFailure.OfAsync(deep)).Code);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("proto")]
    public async Task Requests_may_be_compressed(string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        byte[] plain = client.Frame(new StatRequest { Path = "/x" })[5..];

        using HttpResponseMessage reply = await client.SendAsync(
            Stat, $"application/{codec}", ConnectClient.Gzipped(plain), headers => headers.ContentEncoding.Add("gzip"));
        client.Headers["Connect-Content-Encoding"] = "gzip";
        byte[] start = client.Frame(ProcessServiceTests.Shell("echo hi"))[5..];
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>(
            Start, new ByteArrayContent(ConnectClient.Frame(1, ConnectClient.Gzipped(start))));

        Assert.Equal("not_found", (await ConnectFailure.OfAsync(reply)).Code);
        Assert.Contains(await stream.RestAsync(), message => message.Event.Data?.Stdout.ToStringUtf8() == "hi\n");
    }

    [Fact]
    public async Task A_long_reply_is_compressed_for_a_client_that_takes_it()
    {
        RunningBox box = await server.CreateAsync();
        var client = new ConnectClient(server, box, "json");
        for (int i = 0; i < 60; i++)
        {
            await client.CallAsync<EntryResponse>("filesystem.Filesystem/MakeDir", new MakeDirRequest { Path = $"/tmp/many/{i}" });
        }

        byte[] request = Encoding.UTF8.GetBytes("{\"path\":\"/tmp/many\"}");
        using HttpResponseMessage plain = await client.SendAsync("filesystem.Filesystem/ListDir", "application/json", request);
        client.Headers["Accept-Encoding"] = "gzip, deflate";
        using HttpResponseMessage packed = await client.SendAsync("filesystem.Filesystem/ListDir", "application/json", request);

        Assert.Empty(plain.Content.Headers.ContentEncoding);
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        using var unpacked = new StreamReader(new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        Assert.Equal(await plain.Content.ReadAsStringAsync(), await unpacked.ReadToEndAsync());
    }

    [Theory]
    [InlineData(new byte[] { }, "invalid_argument")]
    [InlineData(new byte[] { 0, 0, 0 }, "invalid_argument")]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, "invalid_argument")]
    [InlineData(new byte[] { 0, 0x7f, 0, 0, 0, 1 }, "resource_exhausted")]
    [InlineData(new byte[] { 1, 0, 0, 0, 2, 1, 1 }, "invalid_argument")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, (byte)'{', (byte)'}', 7 }, "invalid_argument")]
    public async Task A_stream_tells_what_is_wrong_with_its_request_in_its_last_frame(byte[] body, string code)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");

        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>(Start, new ByteArrayContent(body));

        Assert.Empty(await stream.RestAsync());
        Assert.Equal(code, stream.Failure!.Code);
    }

    [Fact]
    public async Task A_call_that_was_refused_leaves_its_connection_to_the_next()
    {
        int connections = 0;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                connections++;
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        var client = new ConnectClient(server, await server.CreateAsync(), "json") { Http = http };

        foreach (byte[] body in (byte[][])[[], [0, 0], [0, 0, 0, 0, 9, 1], [8, 0, 0, 0, 1, 1], [0, 0x7f, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1]])
        {
            foreach (string call in (string[])[Start, "process.Process/StreamInput"])
            {
                using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>(call, new ByteArrayContent(body));
                Assert.Empty(await stream.RestAsync());
                Assert.NotNull(stream.Failure);
            }
        }

        Assert.Equal(1, connections);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("proto")]
    public async Task All_kinds_of_calls_go_over_HTTP_2(string codec)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var http = new HttpClient(handler)
        {
            BaseAddress = new UriBuilder(server.Address) { Scheme = "https" }.Uri,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var client = new ConnectClient(server, await server.CreateAsync(), codec) { Http = http };

        EntryResponse made = await client.CallAsync<EntryResponse>("filesystem.Filesystem/MakeDir", new MakeDirRequest { Path = "/tmp/h2" });
        using FrameStream<ProcessStreamResponse> stream = await client.OpenAsync<ProcessStreamResponse>(Start, ProcessServiceTests.Shell("sleep 1000"));
        var selector = new ProcessSelector { Pid = (await stream.NextAsync())!.Event.Start.Pid };
        using FrameStream<StreamInputResponse> fed = await client.OpenAsync<StreamInputResponse>(
            "process.Process/StreamInput", new StreamInputRequest { Start = new StreamInputRequest.Types.Start { Process = selector } });
        Assert.Single(await fed.RestAsync());
        await client.CallAsync<SendSignalResponse>("process.Process/SendSignal", new SendSignalRequest { Process = selector, Signal = Signal.Sigkill });

        Assert.Equal("h2", made.Entry.Name);
        Assert.Equal("signal: killed", Assert.Single(await stream.RestAsync()).Event.End.Status);
    }

    /// <summary>Every method of every service.</summary>
    private IEnumerable<string> Calls()
    {
        var routes = new Routes(server.Services);
        foreach (IDataPlaneRoutes dialect in server.Services.GetServices<IDataPlaneRoutes>())
        {
            dialect.Map(routes);
        }

        return routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<Atoll.Api.DataPlane.Connect.ConnectFaults>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{method}", "Nothing"));
    }

    private sealed class Routes(IServiceProvider services) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => services;

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);
    }
}
