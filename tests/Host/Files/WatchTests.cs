using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Host.Agents;
using Xunit;

namespace Atoll.Host.Files;

/// <summary>What watchers see of what programs do, on this machine's kernel.</summary>
[Collection(AgentTests.Name)]
public sealed class WatchTests(AgentFile file) : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private FilesAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await FilesAgent.StartAsync(file);
        await _agent.RunAsync("mkdir /tmp/w");
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        _limit.Dispose();
    }

    [Theory]
    [InlineData("echo 1 > f", "Created f, Written f")]
    [InlineData("mkdir d", "Created d")]
    [InlineData("echo 1 > f; chmod 600 f; mv f g; rm g", "Created f, Written f, ModeChanged f, Renamed f, Renamed g, Removed g")]
    [InlineData("echo 1 > ../f; mv ../f f", "Created f")]
    [InlineData("echo 1 > f; mv f ../g", "Created f, Written f, Renamed f")]
    public async Task Each_thing_that_is_done_is_told_once(string command, string expected)
    {
        await using IAsyncEnumerator<FileEvent> watch = await WatchAsync(recursive: false);
        await _agent.RunAsync($"cd /tmp/w; {command}; mkdir end");
        Assert.Equal($"{expected}, Created end", string.Join(", ", await UntilAsync(watch, "Created end")));
    }

    [Fact]
    public async Task A_written_file_is_created_and_written_and_the_way_there_is_not_told()
    {
        await using IAsyncEnumerator<FileEvent> watch = await WatchAsync(recursive: true);
        await _agent.Files.WriteAsync(new FilePath("/tmp/w/f"), new FileWriting(), new MemoryStream([1]), _limit.Token);
        await _agent.Files.WriteAsync(new FilePath("/tmp/w/f"), new FileWriting(), new MemoryStream([2]), _limit.Token);
        await _agent.RunAsync("mkdir /tmp/w/end");
        Assert.Equal(["Created f", "Written f", "Written f", "Created end"], await UntilAsync(watch, "Created end"));
    }

    [Fact]
    public async Task Directories_are_followed_when_they_are_made_filled_at_once_and_moved()
    {
        await using IAsyncEnumerator<FileEvent> watch = await WatchAsync(recursive: true);

        await _agent.RunAsync("cd /tmp/w; mkdir -p a/b/c; touch a/b/c/f");
        await UntilAsync(watch, "Created a/b/c/f");
        await _agent.RunAsync("cd /tmp/w; mv a z");
        await UntilAsync(watch, "Renamed z");
        await _agent.RunAsync("touch /tmp/w/z/b/c/g");
        await UntilAsync(watch, "Created z/b/c/g");

        await _agent.RunAsync("mkdir -p /tmp/out/x; touch /tmp/out/x/there; mv /tmp/out /tmp/w/in");
        await UntilAsync(watch, "Created in/x/there");
        await _agent.RunAsync("mv /tmp/w/z /tmp/gone; touch /tmp/gone/b/unseen /tmp/w/last");
        IReadOnlyList<string> seen = await UntilAsync(watch, "Created last");
        Assert.DoesNotContain(seen, text => text.Contains("unseen", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_end_of_the_directory_is_the_end_of_the_watch()
    {
        await using IAsyncEnumerator<FileEvent> watch = await WatchAsync(recursive: true);
        await _agent.RunAsync("rmdir /tmp/w");
        while (await watch.MoveNextAsync())
        {
            Assert.IsNotType<FileEvent.Watching>(watch.Current);
        }
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_is_told_what_it_misses_and_costs_little()
    {
        await using IAsyncEnumerator<FileEvent> watch = await WatchAsync(recursive: false);
        await _agent.RunAsync("cd /tmp/w; for i in 1 2 3 4; do seq 1 5000 | xargs touch; seq 1 5000 | xargs rm; done");
        Assert.InRange(_agent.Agent.ResidentKilobytes(), 0, 24 * 1024);
        do
        {
            Assert.True(await watch.MoveNextAsync());
        }
        while (watch.Current is not FileEvent.Overflowed);

        await _agent.RunAsync("mkdir /tmp/w/after");
        await UntilAsync(watch, "Created after");
    }

    private async Task<IAsyncEnumerator<FileEvent>> WatchAsync(bool recursive)
    {
        IAsyncEnumerator<FileEvent> watch = _agent.Files.WatchAsync(new FilePath("/tmp/w"), recursive, _limit.Token).GetAsyncEnumerator(_limit.Token);
        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<FileEvent.Watching>(watch.Current);
        return watch;
    }

    private static async Task<IReadOnlyList<string>> UntilAsync(IAsyncEnumerator<FileEvent> watch, string last)
    {
        List<string> seen = [];
        while (seen.LastOrDefault() != last)
        {
            Assert.True(await watch.MoveNextAsync(), $"the watch ended after {string.Join(", ", seen)}");
            seen.Add(watch.Current is FileEvent.Changed changed ? $"{changed.Change} {changed.Name}" : "Overflowed");
        }

        return seen;
    }
}
