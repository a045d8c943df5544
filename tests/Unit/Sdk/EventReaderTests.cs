using System.Text;
using Atoll.Sdk;
using Atoll.Sdk.Http;
using Xunit;

namespace Atoll.Unit.Sdk;

public sealed class EventReaderTests
{
    [Theory]
    [InlineData("data: a\n\n", "message||a")]
    [InlineData("event: x\r\ndata: a\r\nid: 7\r\n\r\n", "x|7|a")]
    [InlineData("data:a\ndata:  b\n\n", "message||a\n b")]
    [InlineData(":comment\n\nevent: lost\n\ndata: a\n\n", "message||a")]
    [InlineData("id: 1\ndata: a\n\ndata: b\n\n", "message|1|a;message||b")]
    [InlineData("data\n\n", "message||")]
    [InlineData("data: half", "")]
    [InlineData("data: half\n", "")]
    [InlineData("retry: 5\nunknown: 1\ndata: a\n\n", "message||a")]
    public async Task Events_are_read_as_the_standard_says_however_the_bytes_are_cut(string text, string expected)
    {
        foreach (int chunk in new[] { 1, 2, 3, 1000 })
        {
            EventReader reader = new(new ChunkedStream(Encoding.UTF8.GetBytes(text), chunk));
            List<string> events = [];
            while (await reader.ReadAsync(default) is { } item)
            {
                events.Add($"{item.Name}|{item.Id}|{Encoding.UTF8.GetString(item.Data.Span)}");
            }
            Assert.Equal(expected, string.Join(';', events));
        }
    }

    [Theory]
    [InlineData("data: ")]
    [InlineData("data: x\n")]
    public async Task An_endless_event_is_refused_within_bounded_memory(string unit)
    {
        EventReader reader = new(new EndlessStream(Encoding.UTF8.GetBytes(unit)), maxEvent: 100_000);

        await Assert.ThrowsAsync<ProtocolException>(async () => await reader.ReadAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_large_event_under_the_limit_comes_whole()
    {
        string data = new('x', 90_000);
        EventReader reader = new(new ChunkedStream(Encoding.UTF8.GetBytes($"data: {data}\n\ndata: y\n\n"), 7_001), maxEvent: 100_000);

        Assert.Equal(data, Encoding.UTF8.GetString((await reader.ReadAsync(default))!.Value.Data.Span));
        Assert.Equal("y", Encoding.UTF8.GetString((await reader.ReadAsync(default))!.Value.Data.Span));
    }

    /// <summary>Gives its bytes in pieces of one size.</summary>
    private sealed class ChunkedStream(byte[] content, int chunk) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }

    /// <summary>Repeats one piece for ever.</summary>
    private sealed class EndlessStream(byte[] unit) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int length = Math.Min(unit.Length, buffer.Length);
            unit.AsMemory(0, length).CopyTo(buffer);
            return ValueTask.FromResult(length);
        }
    }
}
