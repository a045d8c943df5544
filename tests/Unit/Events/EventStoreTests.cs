using Atoll.Control;
using Atoll.Control.Events;
using Atoll.Control.Stores;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Atoll.Unit.Events;

public sealed class EventStoreTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Old_events_and_those_beyond_the_number_go_and_who_has_not_seen_them_is_told()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.Options = w.Options with { Events = new EventOptions { Most = 4 } });
        long first = await AppendAsync(world, 3);
        world.Time.Advance(TimeSpan.FromDays(31));
        await AppendAsync(world, 6);
        EventPage before = await ListAsync(world);
        await Upkeep(world).TrimAsync(default);
        EventPage after = await ListAsync(world);

        Assert.Equal(9, before.Events.Count);
        Assert.Equal(before.Events.Skip(5).Select(one => one.Sequence), after.Events.Select(one => one.Sequence));
        Assert.Equal((first + 5, first + 8), (after.Oldest, after.Newest));

        await using IAsyncEnumerator<EventNews> late = world.Get<IEvents>().FollowAsync(world.Root, new EventFilter(), first, default).GetAsyncEnumerator();
        Assert.Equal(new EventNews.Began(first), await NextAsync(late));
        Assert.Equal(new EventNews.Dropped(first + 1, first + 4), await NextAsync(late));
        Assert.Equal(first + 5, Assert.IsType<EventNews.Happened>(await NextAsync(late)).Event.Sequence);
    }

    [Fact]
    public async Task Numbers_are_not_given_again_when_every_event_is_gone()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        long first = await AppendAsync(world, 2);
        world.Time.Advance(TimeSpan.FromDays(31));
        await Upkeep(world).TrimAsync(default);
        Assert.Empty((await ListAsync(world)).Events);
        await world.RestartAsync();
        Assert.Equal(first + 2, await AppendAsync(world, 1));
    }

    [Fact]
    public async Task Who_follows_is_woken_by_each_commit_and_sees_every_event_once_in_the_order_of_the_list()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using IAsyncEnumerator<EventNews> news = world.Get<IEvents>().FollowAsync(world.Root, new EventFilter(), null, default).GetAsyncEnumerator();
        await NextAsync(news);
        List<long> seen = [];
        Task writing = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AppendAsync(world, 15)));
        while (seen.Count < 300)
        {
            seen.Add(Assert.IsType<EventNews.Happened>(await NextAsync(news)).Event.Sequence);
        }

        await writing;
        Assert.Equal(seen.Order().Distinct(), seen);
        Assert.Equal((await ListAsync(world)).Events.Select(one => one.Sequence), seen);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_no_event()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.Get<Database>().WriteAsync<int>(connection =>
        {
            world.Get<EventLog>().Append(connection, Event(world.Root), world.Time.Now());
            throw new InvalidOperationException("and nothing of it stays");
        }));
        Assert.Empty((await ListAsync(world)).Events);
    }

    [Fact]
    public async Task Events_of_before_this_table_are_taken_over()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("atoll-events-").FullName, "atoll.db");
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            connection.Open();
            Migrations.Apply(connection, until: 4);
            connection.Execute(
                """
                insert into users (id, username, email, display_name, is_root, created_at) values ('usr-1', 'ann', '', '', 0, 0);
                insert into sandboxes (id, owner, name, description, template, template_name, cpu_count, memory_mb, storage_gb, auto_pause, secure,
                    allow_internet_access, metadata, environment, ports, created_at, updated_at, timeout_ms, state, phase, reason, delete_requested)
                values ('01h00000000000000000000000', 'usr-1', 'box', '', 'tpl-1', 'base', 1, 128, 1, 0, 1, 1, '{}', '{}', '[]', 0, 0, 1, 'running', 'none', '', 0);
                insert into sandbox_events (sandbox, at, from_state, to_state, reason, cause) values
                    ('01h00000000000000000000000', 5, null, 'created', '', 'usr-1'), ('01h00000000000000000000000', 7, 'starting', 'running', '', 'node');
                """);
        }

        await using var database = new Database(path);
        database.Open();
        IReadOnlyList<LoggedEvent> events = new EventStore(database).List(new UserId("usr-1"), new EventQuery()).Events;
        Assert.Equal([(1, EventTypes.SandboxCreated, "usr-1"), (2, EventTypes.SandboxStarted, "node")], events.Select(one => (one.Sequence, one.What.Type, one.What.By)));
        Assert.Equal((SandboxState.Starting, SandboxState.Running), (events[1].What.From, events[1].What.To));
        Assert.Equal("box", events[1].What.Data["name"]);
    }

    private static EventUpkeep Upkeep(ControlWorld world) =>
        new(world.Get<EventStore>(), world.Get<DeliveryStore>(), world.Time, world.Options, Microsoft.Extensions.Logging.Abstractions.NullLogger<EventUpkeep>.Instance);

    private static async Task<EventNews> NextAsync(IAsyncEnumerator<EventNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Bound));
        return news.Current;
    }

    private static Task<EventPage> ListAsync(ControlWorld world) =>
        world.Get<IEvents>().ListAsync(world.Root, new EventQuery { Limit = EventQuery.MaxLimit }, default);

    private static NewEvent Event(Caller caller) => new(EventTypes.TemplateUploaded, caller.User.Id, "tpl-1") { By = caller.User.Id.Value };

    /// <summary>The number of the first.</summary>
    private static async Task<long> AppendAsync(ControlWorld world, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await world.Get<IEventLog>().AppendAsync(Event(world.Root));
        }

        return (await ListAsync(world)).Newest - count + 1;
    }
}
