using System.Text;
using System.Text.Json;
using Atoll.Sdk.Http;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>Reads a stream of server-sent events one after the other.</summary>
internal sealed class EventFollower : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly HttpResponseMessage _reply;
    private readonly EventReader _reader;

    private EventFollower(HttpResponseMessage reply, Stream body) => (_reply, _reader) = (reply, new EventReader(body));

    public static async Task<EventFollower> OpenAsync(HttpClient client, string key, string path = "/v1/events/stream", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-API-Key", key);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(reply.IsSuccessStatusCode, reply.IsSuccessStatusCode ? "" : await reply.Content.ReadAsStringAsync());
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType?.MediaType);
        return new EventFollower(reply, await reply.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event, whatever it is; null at the end of the stream.</summary>
    public async Task<(string Name, string? Id, JsonElement Data)?> NextAsync() =>
        await _reader.ReadAsync(CancellationToken.None).AsTask().WaitAsync(Bound) is { } read
            ? (read.Name, read.Id, JsonDocument.Parse(Encoding.UTF8.GetString(read.Data.Span)).RootElement)
            : null;

    /// <summary>The events up to the first that has a name, without signs of life.</summary>
    public async Task<List<(string Name, string? Id, JsonElement Data)>> UntilAsync(string name)
    {
        List<(string, string?, JsonElement)> seen = [];
        while (await NextAsync() is { } next)
        {
            if (next.Name != "keepalive")
            {
                seen.Add(next);
            }

            if (next.Name == name)
            {
                return seen;
            }
        }

        throw new EndOfStreamException($"the stream ended before {name}, after {string.Join(", ", seen.Select(one => one.Item1))}");
    }

    public void Dispose() => _reply.Dispose();
}
