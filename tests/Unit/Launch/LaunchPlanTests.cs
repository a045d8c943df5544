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
        new LaunchRecord(_id), new LaunchJournal(_directory));

    private sealed class NotedStep(string name, SandboxPhase phase, List<string> done, string? stuck) : ILaunchStep
    {
        public string Name => name;

        public SandboxPhase Phase => phase;

        public Task DoAsync(LaunchContext context, CancellationToken cancellation)
        {
            done.Add($"do {name}");
            return Task.CompletedTask;
        }

        public Task UndoAsync(LaunchRecord record)
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
