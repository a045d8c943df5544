using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Launch;

public sealed class LaunchPlanTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-plan-").FullName;
    private readonly List<string> _done = [];
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UnixEpoch);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Steps_are_done_in_order_and_reported_before_they_begin()
    {
        await Plan(LaunchFaults.None).DoAsync(Context(), phase => _done.Add($"{phase}"), default);

        Assert.Equal(["Allocating", "do a", "Deploying", "do b", "Initializing", "do c"], _done);
    }

    [Theory]
    [InlineData("before:a", "undo a")]
    [InlineData("after:a", "do a, undo a")]
    [InlineData("before:b", "do a, undo b, undo a")]
    [InlineData("after:c", "do a, do b, do c, undo c, undo b, undo a")]
    public async Task What_was_begun_is_undone_in_reverse(string point, string expected)
    {
        LaunchFaults faults = LaunchFaults.Parse($"throw@{point}", () => { });

        IOException e = await Assert.ThrowsAsync<IOException>(() => Plan(faults).DoAsync(Context(), _ => { }, default));

        Assert.Contains(point, e.Message, StringComparison.Ordinal);
        Assert.Equal(expected, string.Join(", ", _done));
    }

    [Fact]
    public async Task An_undo_that_fails_keeps_no_other_from_being_undone()
    {
        LaunchPlan plan = Plan(LaunchFaults.Parse("throw@after:c", () => { }), stuck: "b");

        UndoIncompleteException e = await Assert.ThrowsAsync<UndoIncompleteException>(() => plan.DoAsync(Context(), _ => { }, default));

        Assert.Equal(["undo c", "undo a"], _done.Where(what => what.StartsWith("undo", StringComparison.Ordinal)));
        Assert.Contains("b is stuck", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_launch_whose_undo_fails_too_still_says_first_why_it_failed()
    {
        LaunchPlan plan = Plan(LaunchFaults.Parse("throw@after:c", () => { }), stuck: "b");

        UndoIncompleteException e = await Assert.ThrowsAsync<UndoIncompleteException>(() => plan.DoAsync(Context(), _ => { }, default));

        Assert.StartsWith("fault injected at after:c", e.Message, StringComparison.Ordinal);
        Assert.Equal("fault injected at after:c", Assert.IsType<AggregateException>(e.InnerException).InnerExceptions[0].Message);
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("boom@after:a")]
    public void A_malformed_fault_is_refused(string text) =>
        Assert.Contains("kill@POINT", Assert.Throws<FormatException>(() => LaunchFaults.Parse(text, () => { })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_kill_fault_kills_at_its_point_only()
    {
        int kills = 0;
        LaunchFaults faults = LaunchFaults.Parse("kill@after:a", () => kills++);

        faults.Reach("before:a");
        Assert.Equal(0, kills);
        faults.Reach("after:a");
        Assert.Equal(1, kills);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"Id\":\"")]
    [InlineData("null")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"Id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}")]
    public void A_torn_record_counts_as_one_that_holds_the_id_alone(string text)
    {
        var journal = new LaunchJournal(_directory);
        File.WriteAllText(Path.Combine(_directory, $"{_id}.json"), text);

        Assert.Equal(new LaunchRecord(_id), journal.Load(_id));
        Assert.Equal([new LaunchRecord(_id)], journal.List());
    }

    [Fact]
    public void A_save_that_fails_leaves_nothing_half_written_and_the_record_as_it_was()
    {
        var journal = new LaunchJournal(_directory);
        Directory.CreateDirectory(Path.Combine(_directory, $"{_id}.json"));
        var record = new JournaledRecord(new LaunchRecord(_id), journal);

        Assert.ThrowsAny<Exception>(() => record.Remember(kept => kept with { NetworkSlot = 1 }));

        Assert.Equal(new LaunchRecord(_id), record.Record);
        Assert.Empty(Directory.EnumerateFiles(_directory));
    }

    [Fact]
    public void What_a_killed_server_left_half_written_is_removed()
    {
        var journal = new LaunchJournal(_directory);
        journal.Save(new LaunchRecord(_id));
        File.WriteAllText(Path.Combine(_directory, $"{_id}.json.new"), "{");

        journal.RemoveUnfinished();

        Assert.Equal([$"{_id}.json"], Directory.EnumerateFiles(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public void The_journal_keeps_what_it_was_told_last_and_forgets()
    {
        var journal = new LaunchJournal(_directory);
        journal.Save(new LaunchRecord(_id));
        journal.Save(new LaunchRecord(_id) { NetworkSlot = 7, RuntimePid = 42, RuntimeStartTicks = 99, AllowInternetAccess = true });

        LaunchRecord read = Assert.Single(new LaunchJournal(_directory).List());
        Assert.Equal(new LaunchRecord(_id) { NetworkSlot = 7, RuntimePid = 42, RuntimeStartTicks = 99, AllowInternetAccess = true }, read);
        journal.Remove(_id);
        journal.Remove(_id);
        Assert.Null(journal.Load(_id));
    }

    private LaunchPlan Plan(LaunchFaults faults, string? stuck = null) => new(
        [
            new NotedStep("a", SandboxPhase.Allocating, _done, stuck),
            new NotedStep("b", SandboxPhase.Deploying, _done, stuck),
            new NotedStep("c", SandboxPhase.Initializing, _done, stuck),
        ],
        faults, NullLogger<LaunchPlan>.Instance);

    private LaunchContext Context() => new(
        new LaunchRequest(_id, "box", new TemplateId("tpl-x"), new SandboxResources(1, 128, 1), new Dictionary<string, string>(), true),
        new JournaledRecord(new LaunchRecord(_id), new LaunchJournal(_directory)));

    private sealed class NotedStep(string name, SandboxPhase phase, List<string> done, string? stuck) : ILaunchStep
    {
        public string Name => name;

        public SandboxPhase Phase => phase;

        public Task DoAsync(LaunchContext context, CancellationToken cancellation)
        {
            done.Add($"do {name}");
            return Task.CompletedTask;
        }

        public Task UndoAsync(JournaledRecord record)
        {
            if (stuck == name)
            {
                throw new IOException($"{name} is stuck");
            }

            done.Add($"undo {name}");
            return Task.CompletedTask;
        }
    }
}
