using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class ListTests
{
    [Fact]
    public async Task Pages_cover_everything_once_and_know_the_total()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        for (int i = 0; i < 25; i++)
        {
            await world.CreateAsync(new CreateSandbox { Name = $"box {i:00}" });
            world.Time.Advance(TimeSpan.FromMilliseconds(i % 2));
        }

        List<string> names = [];
        for (int offset = 0; offset < 30; offset += 10)
        {
            SandboxPage page = await ListAsync(world, new SandboxQuery { Sort = SandboxSort.Name, Descending = false, Offset = offset, Limit = 10 });
            Assert.Equal(25, page.Total);
            names.AddRange(page.Sandboxes.Select(sandbox => sandbox.Name));
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"box {i:00}"), names);
    }

    [Fact]
    public async Task The_newest_comes_first_unless_asked_otherwise()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox first = await world.CreateAsync();
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Sandbox second = await world.CreateAsync();

        Assert.Equal([second.Id, first.Id], await IdsAsync(world, new SandboxQuery()));
        foreach (SandboxSort sort in Enum.GetValues<SandboxSort>().Except([SandboxSort.Name]))
        {
            Assert.Equal([first.Id, second.Id], await IdsAsync(world, new SandboxQuery { Sort = sort, Descending = false }));
        }
    }

    [Theory]
    [InlineData("WEB", 1)]
    [InlineData("größe", 1)]
    [InlineData("50%", 1)]
    [InlineData("%", 1)]
    [InlineData("_", 1)]
    [InlineData("'; drop table sandboxes; --", 0)]
    [InlineData("\\", 0)]
    [InlineData("", 4)]
    public async Task A_search_finds_its_text_and_takes_nothing_for_a_pattern(string text, int expected)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await world.CreateAsync(new CreateSandbox { Name = "my-web-box" });
        await world.CreateAsync(new CreateSandbox { Name = "other", Description = "GRÖßE zwei" });
        await world.CreateAsync(new CreateSandbox { Name = "third", Description = "at 50% of it" });
        await world.CreateAsync(new CreateSandbox { Name = "fourth_one" });

        Assert.Equal(expected, (await ListAsync(world, new SandboxQuery { Search = text })).Total);
        Assert.Equal(4, (await ListAsync(world, new SandboxQuery())).Total);
    }

    [Fact]
    public async Task An_id_is_found_by_search()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.CreateAsync();

        Assert.Equal([sandbox.Id], await IdsAsync(world, new SandboxQuery { Search = sandbox.Id.Value.ToUpperInvariant() }));
    }

    [Theory]
    [InlineData("team", "a", 1)]
    [InlineData("team", "A", 0)]
    [InlineData("n", "1", 1)]
    [InlineData("team' or 1=1 --", "a", 0)]
    [InlineData("$.team", "a", 0)]
    [InlineData("we\"ird.key[0]", "x' or 'x'='x", 1)]
    [InlineData("we\"ird.key[0]", "x", 0)]
    public async Task Metadata_matches_exactly_whatever_characters_it_holds(string key, string value, int expected)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await world.CreateAsync(new CreateSandbox
        {
            Metadata = new Dictionary<string, string> { ["team"] = "a", ["n"] = "1", ["we\"ird.key[0]"] = "x' or 'x'='x" },
        });
        await world.CreateAsync();

        var query = new SandboxQuery { Metadata = new Dictionary<string, string> { [key] = value } };
        Assert.Equal(expected, (await ListAsync(world, query)).Total);
        var both = new SandboxQuery { Metadata = new Dictionary<string, string> { [key] = value, ["absent"] = "" } };
        Assert.Equal(0, (await ListAsync(world, both)).Total);
    }

    [Fact]
    public async Task A_state_filter_lets_only_its_states_pass()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox running = await world.CreateAsync();
        Sandbox over = await world.CreateAsync();
        await world.Sandboxes.TerminateAsync(world.Root, over.Id, default);
        await world.UntilAsync(over.Id, SandboxState.Terminated);

        Assert.Equal([running.Id], await IdsAsync(world, new SandboxQuery { States = [SandboxState.Running] }));
        Assert.Equal(2, (await IdsAsync(world, new SandboxQuery { States = [SandboxState.Running, SandboxState.Terminated] })).Count);
    }

    [Theory]
    [InlineData(0, 0, "limit")]
    [InlineData(501, 0, "limit")]
    [InlineData(20, -1, "offset")]
    public async Task A_page_out_of_bounds_is_refused(int limit, int offset, string field)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Fault fault = await ControlWorld.FaultAsync(() => ListAsync(world, new SandboxQuery { Limit = limit, Offset = offset }));

        Assert.Equal((FaultCode.InvalidArgument, field), (fault.Code, fault.Field));
    }

    private static Task<SandboxPage> ListAsync(ControlWorld world, SandboxQuery query) => world.Sandboxes.ListAsync(world.Root, query, default);

    private static async Task<IReadOnlyList<SandboxId>> IdsAsync(ControlWorld world, SandboxQuery query) =>
        [.. (await ListAsync(world, query)).Sandboxes.Select(sandbox => sandbox.Id)];
}
