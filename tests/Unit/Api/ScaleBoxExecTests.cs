using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxExecTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_start_is_raw_201_and_a_second_one_is_409()
    {
        string id = await api.CreateAsync();
        Reply started = await StartAsync(id, """{"command":"ls","env":{"A":"b"},"timeout":9}""");
        Assert.Equal($"/v1/sandboxes/{id}/exec/stream", started.Json.GetProperty("stream_path").GetString());
        Assert.EndsWith("Z", started.Json.GetProperty("deadline").GetString());
        ExecutionRequest asked = api.Ports.Executions.Asked!;
        Assert.Equal(("ls", "/", TimeSpan.FromSeconds(9)), (asked.Command, asked.WorkingDirectory, asked.Timeout));
        Assert.Equal("b", asked.Environment["A"]);
        (await api.PostAsync($"/v1/sandboxes/{id}/exec", new { command = "ls" })).IsError(409, "busy");

        Reply active = await api.GetAsync($"/v1/sandboxes/{id}/exec/active");
        Assert.True(active.Json.GetProperty("active").GetBoolean());
        Assert.Equal("ls", active.Json.GetProperty("command").GetString());
        Assert.Equal("""{"cancelled":true}""", (await api.SendAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}/exec")).Text);
        Assert.Equal("""{"active":false}""", (await api.GetAsync($"/v1/sandboxes/{id}/exec/active")).Text);
        Assert.Equal("""{"cancelled":false}""", (await api.SendAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}/exec")).Text);
    }

    [Theory]
    [InlineData("{}", "command")]
    [InlineData("{\"command\":[\"ls\"]}", "command")]
    [InlineData("{\"command\":\"a\",\"cwd\":1}", "cwd")]
    [InlineData("{\"command\":\"a\",\"env\":{\"A\":1}}", "env.A")]
    [InlineData("{\"command\":\"a\",\"timeout\":\"1\"}", "timeout")]
    public async Task A_bad_start_names_the_field(string body, string field) =>
        (await api.PostAsync($"/v1/sandboxes/{await api.CreateAsync()}/exec", body)).IsError(400, "invalid_argument", field);

    [Fact]
    public async Task The_stream_tells_the_run_from_ready_to_end()
    {
        string id = await api.CreateAsync();
        await StartAsync(id);
        ExecutionsDouble.Run run = api.Ports.Executions.RunOf(id);
        run.Add(Output(OutputStream.StandardOutput, 0, "héllo"));
        run.Add(Output(OutputStream.StandardError, 6, "oops"));
        run.Add(new ProcessEvent.Dropped(10, 30));
        run.Add(new ProcessEvent.Exited(new ProcessExit(3, 0)));
        List<Event> events = await ReadAsync(id);
        Assert.Equal(["ready", "start", "stdout", "stderr", "dropped", "end"], events.Select(e => e.Name));
        Assert.Equal("{\"pid\":41}", events[1].Data);
        Assert.Equal("héllo", events[2].Output);
        Assert.Equal("oops", events[3].Output);
        Assert.Equal("{\"from\":10,\"to\":30,\"bytes\":20}", events[4].Data);
        Assert.Equal("{\"exit_code\":3,\"signal\":0}", events[5].Data);
        Assert.Equal(1, run.Released);
    }

    [Fact]
    public async Task A_stop_ends_the_stream_with_a_word_and_does_not_wait_for_it()
    {
        var stopped = new ApiHost();
        await stopped.InitializeAsync();
        try
        {
            string id = await stopped.CreateAsync();
            await stopped.PostAsync($"/v1/sandboxes/{id}/exec", new { command = "sleep 100" });
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sandboxes/{id}/exec/stream") { Headers = { { "X-API-Key", ApiHost.Key } } };
            using HttpResponseMessage stream = await stopped.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var clock = System.Diagnostics.Stopwatch.StartNew();

            await stopped.StopAsync();

            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
            string text = await stream.Content.ReadAsStringAsync();
            Assert.Contains("event: error\ndata: {\"code\":\"server_stopping\"", text, StringComparison.Ordinal);
            Assert.Equal(1, stopped.Ports.Executions.RunOf(id).Released);
        }
        finally
        {
            await stopped.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_reader_that_comes_back_goes_on_behind_the_last_event_it_saw()
    {
        string id = await api.CreateAsync();
        await StartAsync(id);
        ExecutionsDouble.Run run = api.Ports.Executions.RunOf(id);
        run.Add(Output(OutputStream.StandardOutput, 0, "one"));
        run.Add(Output(OutputStream.StandardOutput, 3, "two"));
        run.End();
        List<Event> all = await ReadAsync(id);
        Assert.Equal(["one", "two"], all.Where(e => e.Name == "stdout").Select(e => e.Output));
        List<Event> rest = await ReadAsync(id, lastEventId: all[2].Id);
        Assert.Equal(["two"], rest.Where(e => e.Name == "stdout").Select(e => e.Output));
        string inside = all[2].Id!.Replace("-3", "-4");
        Assert.Equal(["wo"], (await ReadAsync(id, lastEventId: inside)).Where(e => e.Name == "stdout").Select(e => e.Output));
        Assert.Equal(all.Select(e => e.Name), (await ReadAsync(id, lastEventId: "12-3")).Select(e => e.Name));
    }

    [Fact]
    public async Task Silence_is_filled_with_keepalives_and_a_client_that_leaves_does_not_end_the_command()
    {
        string id = await api.CreateAsync();
        await StartAsync(id);
        using (HttpResponseMessage reply = await OpenAsync(id))
        using (var reader = new StreamReader(await reply.Content.ReadAsStreamAsync()))
        {
            while (await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line && line != "event: keepalive")
            {
            }
        }

        ExecutionsDouble.Run run = api.Ports.Executions.RunOf(id);
        Assert.True(SpinWait.SpinUntil(() => run.Released == 1, TimeSpan.FromSeconds(10)));
        Assert.True(run.IsActive);
    }

    [Fact]
    public async Task A_run_whose_agent_is_lost_ends_the_stream_with_an_error_event()
    {
        string id = await api.CreateAsync();
        await StartAsync(id);
        api.Ports.Executions.RunOf(id).Break(new Fault(FaultCode.AgentUnavailable, "the agent is gone").AsException());
        Event last = (await ReadAsync(id))[^1];
        Assert.Equal(("error", "{\"code\":\"agent_unavailable\",\"message\":\"the agent is gone\"}"), (last.Name, last.Data));
    }

    [Fact]
    public async Task The_token_may_be_an_api_key_or_the_sandboxs_own_and_no_other()
    {
        string id = await api.CreateAsync();
        string other = await api.CreateAsync();
        await StartAsync(id);
        api.Ports.Executions.RunOf(id).End();
        string path = $"/v1/sandboxes/{id}/exec/stream?token=";
        Assert.Equal(200, (await api.GetAsync($"{path}{ApiHost.Key}", key: null)).Status);
        Assert.Equal(200, (await api.GetAsync($"{path}token-{id[4..]}", key: null)).Status);
        (await api.GetAsync($"{path}token-{other[4..]}", key: null)).IsError(401, "unauthorized");
        (await api.GetAsync($"{path}{ApiHost.OtherKey}", key: null)).IsError(404, "not_found");
        (await api.GetAsync($"/v1/sandboxes/{id}?token={ApiHost.Key}", key: null)).IsError(401, "unauthorized");
    }

    [Fact]
    public async Task A_stream_without_a_run_is_404()
    {
        string id = await api.CreateAsync();
        (await api.GetAsync($"/v1/sandboxes/{id}/exec/stream")).IsError(404, "not_found");
    }

    private static ProcessEvent.Output Output(OutputStream stream, long sequence, string text) =>
        new(stream, sequence, Encoding.UTF8.GetBytes(text));

    private async Task<Reply> StartAsync(string id, object? body = null)
    {
        Reply reply = await api.PostAsync($"/v1/sandboxes/{id}/exec", body ?? new { command = "sleep 9" });
        Assert.Equal(201, reply.Status);
        return reply;
    }

    private async Task<HttpResponseMessage> OpenAsync(string id, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sandboxes/{id}/exec/stream");
        request.Headers.Add("X-API-Key", ApiHost.Key);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<List<Event>> ReadAsync(string id, string? lastEventId = null)
    {
        using HttpResponseMessage reply = await OpenAsync(id, lastEventId);
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType?.MediaType);
        return [.. (await reply.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(Event.Parse)];
    }

    private sealed record Event(string Name, string? Id, string Data)
    {
        public string Output => Encoding.UTF8.GetString(
            System.Text.Json.JsonDocument.Parse(Data).RootElement.GetProperty("data_b64").GetBytesFromBase64());

        public static Event Parse(string text)
        {
            Dictionary<string, string> fields = text.Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(part => part[0], part => part[1]);
            return new Event(fields["event"], fields.GetValueOrDefault("id"), fields["data"]);
        }
    }
}
