using System.Text;
using Atoll.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Sdk;

public sealed class ExecStreamTests : IAsyncLifetime
{
    private const string Stream = $"GET /v1/sandboxes/{Id}/exec/stream";
    private const string Ready = "event: ready\ndata: {}";
    private static readonly ExecRequest Hi = new() { Command = "echo hi", Cwd = "/tmp", Timeout = 9 };

    private WireServer _server = null!;
    private AtollClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await WireServer.StartAsync();
        _server.OnJson($"POST /v1/sandboxes/{Id}/exec", 201,
            """{"stream_path":"/v1/elsewhere","started_at":"2026-04-17T12:34:56.1234567Z","deadline":"2026-04-17T13:34:56Z"}""");
        _client = new AtollClient(new AtollClientOptions
        {
            BaseUrl = new Uri(_server.Url), ApiKey = "sk-1", MaxRetries = 2, RetryDelay = TimeSpan.FromMilliseconds(1),
            StreamIdleTimeout = TimeSpan.FromSeconds(20),
        });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_command_is_started_and_followed_to_its_exit_code()
    {
        _server.OnEvents(
            Stream, Ready, WireServer.Start(), WireServer.Output("stdout", "hi\n"), "event: keepalive\ndata: {}",
            ": a comment", WireServer.Output("stderr", "oh\n"), "event: news\ndata: {}", WireServer.End(3));

        ExecResult result = await _client.Sandboxes.RunAsync(Id, Hi);

        Assert.Equal((3, "hi\n", "oh\n", 0L), (result.ExitCode, result.StdoutText, result.StderrText, result.DroppedBytes));
        Assert.Equal("""{"command":"echo hi","cwd":"/tmp","timeout":9}""", _server.Requests[0].Body);
        Assert.Equal($"/v1/sandboxes/{Id}/exec/stream", _server.Requests[1].Target);
        Assert.All(_server.Requests, request => Assert.Equal("sk-1", request.ApiKey));
    }

    [Fact]
    public async Task A_broken_stream_goes_on_where_it_broke_and_repeats_nothing()
    {
        int connections = 0;
        _server.On(Stream, async http =>
        {
            await WireServer.EventAsync(http, WireServer.Start());
            await WireServer.EventAsync(http, WireServer.Output("stdout", "one ", 4));
            if (Interlocked.Increment(ref connections) == 1)
            {
                return;
            }
            await WireServer.EventAsync(http, WireServer.Output("stdout", "two", 7));
            await WireServer.EventAsync(http, WireServer.End(0));
        });

        List<ExecEvent> events = await ToListAsync(_client.Sandboxes.AttachExecAsync(Id));

        Assert.Equal("one two", Text(events));
        Assert.Single(events.OfType<ExecEvent.Started>());
        Assert.Equal(["", "4"], _server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task A_stream_without_ids_that_breaks_after_output_is_told_instead_of_repeated()
    {
        _server.OnEvents(Stream, WireServer.Output("stdout", "one"));

        await Assert.ThrowsAsync<ConnectionException>(() => ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));

        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task A_stream_that_brings_nothing_new_is_given_up_after_the_allowed_retries()
    {
        _server.OnEvents(Stream, Ready, WireServer.Start(), WireServer.Output("stdout", "x", 1));

        await Assert.ThrowsAsync<ConnectionException>(() => ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));

        Assert.Equal(1 + 2, _server.Requests.Count);
    }

    [Fact]
    public async Task Another_command_after_a_reconnect_is_not_taken_for_the_first()
    {
        int connections = 0;
        _server.On(Stream, http => WireServer.EventAsync(http, WireServer.Start(pid: Interlocked.Increment(ref connections))));

        ExecFailedException thrown = await Assert.ThrowsAsync<ExecFailedException>(() => ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));

        Assert.Equal("replaced", thrown.Code);
    }

    [Fact]
    public async Task A_silent_stream_is_taken_up_anew()
    {
        int connections = 0;
        _server.On(Stream, async http =>
        {
            await WireServer.EventAsync(http, Ready);
            if (Interlocked.Increment(ref connections) == 1)
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }
            await WireServer.EventAsync(http, WireServer.End(0));
        });
        using AtollClient client = new(new AtollClientOptions
        {
            BaseUrl = new Uri(_server.Url), RetryDelay = TimeSpan.FromMilliseconds(1), StreamIdleTimeout = TimeSpan.FromMilliseconds(200),
        });

        Assert.Equal(new ExecEvent.Ended(0), Assert.Single(await ToListAsync(client.Sandboxes.AttachExecAsync(Id))));
        Assert.Equal(2, connections);
    }

    [Theory]
    [InlineData("""{"from":10,"to":25}""")]
    [InlineData("""{"bytes":15,"note":"x"}""")]
    public async Task Lost_output_is_reported(string data)
    {
        _server.OnEvents(Stream, $"event: dropped\ndata: {data}", WireServer.End(0));

        Assert.Contains(new ExecEvent.Dropped(15), await ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));
    }

    [Fact]
    public async Task The_servers_error_event_ends_the_stream_with_its_code()
    {
        _server.OnEvents(Stream, "event: error\ndata: {\"code\":\"agent_unavailable\",\"message\":\"gone\"}");

        ExecFailedException thrown = await Assert.ThrowsAsync<ExecFailedException>(() => ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));

        Assert.Equal(("agent_unavailable", "gone"), (thrown.Code, thrown.Message));
    }

    [Theory]
    [InlineData("event: stdout\ndata: {}")]
    [InlineData("event: stdout\ndata: {\"data_b64\":\"%%%\"}")]
    [InlineData("event: end\ndata: {\"exit_code\":1e99}")]
    [InlineData("event: end\ndata: [")]
    [InlineData("event: start\ndata: nonsense")]
    public async Task A_malformed_event_is_a_protocol_failure(string item)
    {
        _server.OnEvents(Stream, item);

        await Assert.ThrowsAsync<ProtocolException>(() => ToListAsync(_client.Sandboxes.AttachExecAsync(Id)));
    }

    [Fact]
    public async Task A_conflict_at_the_start_opens_no_stream()
    {
        _server.OnError($"POST /v1/sandboxes/{Id}/exec", 409, "busy", "a command runs");

        await Assert.ThrowsAsync<ConflictException>(() => _client.Sandboxes.RunAsync(Id, Hi));

        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Collected_output_is_bounded_and_the_rest_is_counted()
    {
        _server.OnEvents(Stream, WireServer.Output("stdout", "0123456789"), WireServer.Output("stdout", "abc"), WireServer.End(0));

        ExecResult result = await _client.Sandboxes.RunAsync(Id, Hi, maxOutputBytes: 4);

        Assert.Equal(("0123", 9L), (result.StdoutText, result.DroppedBytes));
    }

    [Fact]
    public async Task Events_arrive_before_the_stream_ends()
    {
        TaskCompletionSource seen = new();
        _server.On(Stream, async http =>
        {
            await WireServer.EventAsync(http, WireServer.Output("stdout", "now"));
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(20));
            await WireServer.EventAsync(http, WireServer.End(0));
        });

        await foreach (ExecEvent item in _client.Sandboxes.AttachExecAsync(Id))
        {
            seen.TrySetResult();
        }

        Assert.True(seen.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Active_and_cancel_read_the_raw_replies()
    {
        _server.OnJson($"GET /v1/sandboxes/{Id}/exec/active", 200, """{"active":true,"command":"sleep 9","cwd":"/"}""")
            .OnJson($"DELETE /v1/sandboxes/{Id}/exec", 200, """{"cancelled":true}""");

        Assert.Equal("sleep 9", (await _client.Sandboxes.ActiveExecAsync(Id)).Command);
        Assert.True(await _client.Sandboxes.CancelExecAsync(Id));
    }

    private static async Task<List<ExecEvent>> ToListAsync(IAsyncEnumerable<ExecEvent> source)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        List<ExecEvent> events = [];
        await foreach (ExecEvent item in source.WithCancellation(limit.Token))
        {
            events.Add(item);
        }
        return events;
    }

    private static string Text(IEnumerable<ExecEvent> events) =>
        string.Concat(events.OfType<ExecEvent.Stdout>().Select(item => Encoding.UTF8.GetString(item.Data.Span)));
}
