using System.Text.Json.Nodes;
using Atoll.Unit.Sdk;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class EventsCommandTests : CliRun
{
    private const string Stream = "GET /v1/events/stream";

    [Fact]
    public async Task The_latest_are_shown_oldest_first()
    {
        Server.OnData("GET /v1/events", 200, Part(false, null, Event(8, "sandbox.paused", "running", "paused"), Event(7, "sandbox.started", null, "running")));

        Assert.Equal(0, await RunAsync("events", "--limit", "2", "--type", "sandbox.*", "--sandbox", Id));

        Assert.Equal($"/v1/events?type=sandbox.%2A&sandbox_id={Id}&limit=2", Assert.Single(Server.Requests).Target);
        string[] lines = Output.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"     7  2026-04-17 12:34:56Z  sandbox.started           {Id}  running", lines[0]);
        Assert.Contains("running -> paused", lines[1]);
        Assert.EndsWith("usr-1  it was idle", lines[1]);
    }

    [Fact]
    public async Task Since_a_number_takes_part_after_part()
    {
        Server.On("GET /v1/events", http => WireServer.JsonAsync(http, 200, http.Request.Query["since"] == "0"
            ? Envelope(Part(true, 3, Event(3)))
            : Envelope(Part(false, null, Event(9)))));

        Assert.Equal(0, await RunAsync("events", "--since", "0", "-o", "json"));

        Assert.Equal([3, 9], JsonNode.Parse(Output)!["events"]!.AsArray().Select(item => (int)item!["sequence"]!));
        Assert.Equal(
            ["/v1/events?since=0&limit=500&order=asc", "/v1/events?since=3&limit=500&order=asc"], Server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task Following_goes_on_where_a_connection_broke_until_the_server_ends_it()
    {
        int connections = 0;
        Server.On(Stream, async http =>
        {
            string[] events = ++connections switch
            {
                1 => ["event: ready\nid: 4\ndata: {\"since\":4}", Sent(5), "event: keepalive\ndata: {}"],
                2 => ["event: dropped\nid: 7\ndata: {\"from\":6,\"to\":7}", "event: error\ndata: {\"code\":\"server_stopping\",\"message\":\"stops\"}"],
                3 => [Sent(8), "event: error\ndata: {\"code\":\"rate_limited\",\"message\":\"too many followers\"}"],
                _ => [],
            };
            foreach (string item in events)
            {
                await WireServer.EventAsync(http, item);
            }
        });

        Assert.Equal(1, await RunAsync("events", "--follow", "--since", "4", "-o", "json-compact"));

        Assert.Equal([5, 8], Output.TrimEnd().Split('\n').Select(line => (int)JsonNode.Parse(line)!["sequence"]!));
        Assert.Equal("Warning: events 6 to 7 are not kept any more.\nError: too many followers\n", Error);
        Assert.All(Server.Requests, request => Assert.Equal("/v1/events/stream?since=4", request.Target));
        Assert.Equal(["", "5", "7"], Server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task Following_since_a_time_shows_what_was_and_goes_on_behind_it()
    {
        Server.OnData("GET /v1/events", 200, Part(false, 3, Event(3)));
        Server.OnEvents(Stream, Sent(4), "event: error\ndata: {\"code\":\"forbidden\",\"message\":\"enough\"}");

        Assert.Equal(1, await RunAsync("events", "--follow", "--since", "10m"));

        Assert.Equal(2, Output.TrimEnd().Split('\n').Length);
        Assert.Contains("&start=20", "&" + Server.Requests[0].Target.Split('?')[1]);
        Assert.Equal("/v1/events/stream?since=3", Server.Requests[1].Target);
    }

    [Fact]
    public async Task A_server_that_is_not_there_at_first_is_told()
    {
        Environment["SCALEBOX_SERVER_URL"] = $"http://127.0.0.1:{AtollClientTests.ClosedPort()}";

        Assert.Equal(1, await RunAsync("events", "--follow"));

        Assert.StartsWith("Error: health check timeout: no answer from", Error);
    }

    [Fact]
    public async Task A_since_that_is_neither_is_wrong_usage()
    {
        Assert.Equal(2, await RunAsync("events", "--since", "yesterday"));

        Assert.Equal("Error: --since wants a span of time such as 10m, or the number of an event\n", Error);
        Assert.Empty(Server.Requests);
    }

    private static string Sent(int sequence) => $"event: sandbox.started\nid: {sequence}\ndata: {Event(sequence).ReplaceLineEndings("")}";

    private static string Envelope(string data) => "{\"success\":true,\"data\":" + data + "}";

    private static string Part(bool more, int? next, params string[] events) => $$"""
        {"events":[{{string.Join(',', events)}}],"has_more":{{(more ? "true" : "false")}},"next":{{next?.ToString() ?? "null"}},"oldest_sequence":1,"newest_sequence":9 }
        """;

    private static string Event(int sequence, string type = "sandbox.started", string? from = null, string? to = "running") => $$"""
        {"id":"evt-{{sequence}}","sequence":{{sequence}},"type":"{{type}}","timestamp":"2026-04-17T12:34:56Z","sandbox_id":"{{Id}}","resource_id":"{{Id}}",
         "owner_user_id":"usr-1","project_id":"prj-1","by":"usr-1","reason":"it was idle","from_status":{{Quoted(from)}},"to_status":{{Quoted(to)}},"data":{} }
        """;

    private static string Quoted(string? text) => text is null ? "null" : $"\"{text}\"";
}
