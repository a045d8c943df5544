using Atoll.Domain.Events;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class ScaleBoxEventStreamTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_silent_stream_says_that_it_lives_and_tells_of_events_that_are_kept_no_more()
    {
        using EventFollower follower = await EventFollower.OpenAsync(api.Client, ApiHost.Key, lastEventId: "41");
        (string first, string? since, _) = (await follower.NextAsync())!.Value;
        Assert.Equal(("ready", "41"), (first, since));
        Assert.Equal("keepalive", (await follower.NextAsync())!.Value.Name);

        api.Events.News.Writer.TryWrite(new EventNews.Dropped(42, 99));
        (string name, string? id, var data) = (await follower.UntilAsync("dropped"))[^1];
        Assert.Equal(("dropped", "99", 42, 99), (name, id, data.GetProperty("from").GetInt64(), data.GetProperty("to").GetInt64()));
    }

    [Fact]
    public async Task A_last_event_id_that_is_none_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events/stream");
        request.Headers.Add("X-API-Key", ApiHost.Key);
        request.Headers.Add("Last-Event-ID", "1-2");
        (await Reply.OfAsync(await api.Client.SendAsync(request))).IsError(400, "invalid_argument", "Last-Event-ID");
    }
}
