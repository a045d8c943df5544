using System.Text;
using System.Text.Json;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Processes;

/// <summary>One server-sent event.</summary>
internal sealed record ExecEvent(string Name, string? Id, JsonElement Data)
{
    public byte[] ToBytes() => Data.GetProperty("data_b64").GetBytesFromBase64();
}

/// <summary>Reads the event stream of a run.</summary>
internal sealed class ExecStream(HttpResponseMessage reply, StreamReader lines) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<ExecEvent?> NextAsync()
    {
        var fields = new Dictionary<string, string>();
        while (await lines.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.Length == 0)
            {
                return new ExecEvent(fields["event"], fields.GetValueOrDefault("id"), JsonDocument.Parse(fields["data"]).RootElement);
            }

            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            fields[line[..colon]] = line[(colon + 2)..];
        }

        return null;
    }

    /// <summary>The next event of that name; events before it are passed over.</summary>
    public async Task<ExecEvent> UntilAsync(string name)
    {
        while (await NextAsync() is { } next)
        {
            if (next.Name == name)
            {
                return next;
            }
        }

        throw new InvalidOperationException($"the stream ended before any event '{name}'");
    }

    public async Task<List<ExecEvent>> RestAsync()
    {
        List<ExecEvent> rest = [];
        while (await NextAsync() is { } next)
        {
            rest.Add(next);
        }

        return rest;
    }

    public void Dispose()
    {
        lines.Dispose();
        reply.Dispose();
    }
}

/// <summary>What a finished command said.</summary>
internal sealed record ExecOutcome(string Output, string Error, int ExitCode, IReadOnlyList<ExecEvent> Events);

internal static class ExecCalls
{
    public static async Task StartAsync(this Box box, string command, string? more = null)
    {
        Reply reply = await box.Api.PostAsync($"{box.Path}/exec", $"{{\"command\":{JsonSerializer.Serialize(command)}{more}}}");
        Assert.True(reply.Status == 201, $"exec: {reply.Status} {reply.Text}");
    }

    public static async Task<ExecStream> FollowAsync(this Box box, string? lastEventId = null)
    {
        using HttpRequestMessage request = box.Api.Request(HttpMethod.Get, $"{box.Path}/exec/stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage reply = await box.Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)reply.StatusCode);
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType?.MediaType);
        return new ExecStream(reply, new StreamReader(await reply.Content.ReadAsStreamAsync()));
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<ExecOutcome> ExecAsync(this Box box, string command, string? more = null)
    {
        await box.StartAsync(command, more);
        using ExecStream stream = await box.FollowAsync();
        List<ExecEvent> events = await stream.RestAsync();
        Assert.True(events[^1].Name == "end", $"the last event is {events[^1]}");
        return new ExecOutcome(Text(events, "stdout"), Text(events, "stderr"), events[^1].Data.GetProperty("exit_code").GetInt32(), events);
    }

    public static string Text(IEnumerable<ExecEvent> events, string name) =>
        Encoding.UTF8.GetString([.. events.Where(e => e.Name == name).SelectMany(e => e.ToBytes())]);
}
