using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Files;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Api;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class WatchServiceTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    public static TheoryData<string, string> Everywhere => FilesystemServiceTests.Everywhere;

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_watch_tells_its_start_and_then_what_happens(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/w" });

        using FrameStream<WatchDirResponse> stream = await client.OpenAsync<WatchDirResponse>(
            $"{service}/WatchDir", new WatchRequest { Path = "/tmp/w", IncludeEntry = true });
        Assert.NotNull((await stream.NextAsync())!.Start);
        await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/w/new" });
        FilesystemEvent created = (await stream.NextAsync())!.Filesystem;

        Assert.Equal(("new", EventType.Create), (created.Name, created.Type));
        Assert.Equal(service == "filesystem.Filesystem" ? "/tmp/w/new" : null, created.Entry?.Path);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task What_cannot_be_watched_is_told_in_the_last_frame(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);

        using FrameStream<WatchDirResponse> stream = await client.OpenAsync<WatchDirResponse>($"{service}/WatchDir", new WatchRequest { Path = "/x" });

        Assert.Empty(await stream.RestAsync());
        Assert.Equal("not_found", stream.Failure!.Code);
        Assert.Equal("not_found", (await client.FailAsync($"{service}/CreateWatcher", new WatchRequest { Path = "/x" })).Code);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_watcher_keeps_what_happens_for_its_own_sandbox(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        var other = new ConnectClient(server, await server.CreateAsync(), codec);
        await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/w" });

        string id = (await client.CallAsync<CreateWatcherResponse>($"{service}/CreateWatcher", new WatchRequest { Path = "/tmp/w" })).WatcherId;
        await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/w/new" });
        var ask = new GetWatcherEventsRequest { WatcherId = id };
        List<FilesystemEvent> seen = [];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (seen.Count == 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            seen.AddRange((await client.CallAsync<GetWatcherEventsResponse>($"{service}/GetWatcherEvents", ask)).Events);
        }

        ConnectFailure foreign = await other.FailAsync($"{service}/GetWatcherEvents", ask);
        await other.CallAsync<RemoveWatcherResponse>($"{service}/RemoveWatcher", new RemoveWatcherRequest { WatcherId = id });
        await client.CallAsync<GetWatcherEventsResponse>($"{service}/GetWatcherEvents", ask);
        await client.CallAsync<RemoveWatcherResponse>($"{service}/RemoveWatcher", new RemoveWatcherRequest { WatcherId = id });
        ConnectFailure removed = await client.FailAsync($"{service}/GetWatcherEvents", ask);

        Assert.Equal(("new", EventType.Create), (seen[0].Name, seen[0].Type));
        Assert.Equal("not_found", foreign.Code);
        Assert.Equal("not_found", removed.Code);
    }

    [Fact]
    public async Task A_watcher_that_nobody_asks_is_dropped_and_its_watch_ends()
    {
        var time = new FakeTime();
        await using var watchers = new Watchers(time);
        var source = new WatchSource();
        var sandbox = SandboxId.Parse("01j00000000000000000000000");
        string id = await watchers.CreateAsync(sandbox, source.WatchAsync, WatchSource.Render, default);

        time.Advance(Watchers.Patience - TimeSpan.FromSeconds(1));
        Assert.Empty(watchers.Take(sandbox, id));
        time.Advance(Watchers.Patience - TimeSpan.FromSeconds(1));
        Assert.Empty(watchers.Take(sandbox, id));
        time.Advance(Watchers.Patience);

        Assert.Equal(ConnectCode.NotFound, Assert.Throws<ConnectException>(() => watchers.Take(sandbox, id)).Code);
        await source.Ended.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_sandbox_has_so_many_watchers_and_no_more()
    {
        await using var watchers = new Watchers(new FakeTime());
        var source = new WatchSource();
        var sandbox = SandboxId.Parse("01j00000000000000000000000");
        string id = "";
        for (int i = 0; i < Watchers.MostPerSandbox; i++)
        {
            id = await watchers.CreateAsync(sandbox, source.WatchAsync, WatchSource.Render, default);
        }

        ConnectException refused = await Assert.ThrowsAsync<ConnectException>(
            () => watchers.CreateAsync(sandbox, source.WatchAsync, WatchSource.Render, default));
        await watchers.RemoveAsync(sandbox, id);
        await watchers.CreateAsync(sandbox, source.WatchAsync, WatchSource.Render, default);

        Assert.Equal(ConnectCode.ResourceExhausted, refused.Code);
    }

    [Fact]
    public async Task A_watcher_keeps_a_bounded_amount_and_says_when_it_lost_some()
    {
        var source = new WatchSource();
        await using Watcher watcher = await Watcher.StartAsync(source.WatchAsync, WatchSource.Render, default);
        string name = new('n', 4000);

        await source.HappenAsync(name, 2 * Watcher.MostKept / name.Length);
        Assert.Equal(ConnectCode.DataLoss, Assert.Throws<ConnectException>(watcher.Take).Code);
        await source.HappenAsync("after", 1);

        Assert.Equal("after", Assert.Single(watcher.Take()).Name);
        Assert.Empty(watcher.Take());
    }

    /// <summary>A watch of which the test says what happens.</summary>
    private sealed class WatchSource
    {
        private readonly Channel<FileEvent> _events = Channel.CreateBounded<FileEvent>(1);
        private readonly TaskCompletionSource _ended = new();
        private TaskCompletionSource _taken = new();

        public Task Ended => _ended.Task;

        public static FilesystemEvent Render(FileEvent.Changed change) => FileEntries.Of(change, withEntry: false, DataPlaneDialect.ScaleBox);

        public async IAsyncEnumerable<FileEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            try
            {
                yield return new FileEvent.Watching();
                while (true)
                {
                    FileEvent next = await _events.Reader.ReadAsync(cancellation);
                    yield return next;
                    _taken.TrySetResult();
                }
            }
            finally
            {
                _ended.TrySetResult();
            }
        }

        /// <summary>Returns once the watcher has seen all of it.</summary>
        public async Task HappenAsync(string name, int times)
        {
            for (int i = 0; i < times; i++)
            {
                _taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await _events.Writer.WriteAsync(new FileEvent.Changed(name, FileChange.Created, null));
                await _taken.Task.WaitAsync(TimeSpan.FromSeconds(20));
            }
        }
    }
}
