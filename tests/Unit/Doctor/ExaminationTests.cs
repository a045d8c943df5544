using System.Text.Json;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Server.Doctor;
using Xunit;

namespace Atoll.Unit.Doctor;

public sealed class ExaminationTests
{
    [Fact]
    public async Task Findings_come_in_the_order_of_the_checks()
    {
        var slow = new TaskCompletionSource<Finding>();
        Task<IReadOnlyList<Checked>> run = Run(new Check("first", _ => slow.Task), new Check("second", _ =>
        {
            slow.SetResult(Finding.Ok("late"));
            return Task.FromResult(Finding.Ok("early"));
        }));
        Assert.Equal(["first", "second"], (await run).Select(r => r.Name));
    }

    [Fact]
    public async Task A_check_that_does_not_end_fails_and_is_left_behind()
    {
        IReadOnlyList<Checked> results = await Run(
            new Check("stuck", _ => new TaskCompletionSource<Finding>().Task) { Limit = TimeSpan.FromMilliseconds(50) },
            new Check("well", _ => Task.FromResult(Finding.Ok("yes"))));
        Assert.Equal([Severity.Fail, Severity.Ok], results.Select(r => r.Finding.Severity));
        Assert.NotNull(results[0].Finding.Remedy);
    }

    [Fact]
    public async Task A_check_that_throws_fails_with_what_it_said()
    {
        Checked result = Assert.Single(await Run(new Check("broken", _ => throw new IOException("no such thing"))));
        Assert.Equal(Severity.Fail, result.Finding.Severity);
        Assert.Contains("no such thing", result.Finding.Found);
    }

    [Theory]
    [InlineData(Severity.Ok, 0)]
    [InlineData(Severity.Warn, 0)]
    [InlineData(Severity.Fail, 1)]
    internal void Only_a_failure_makes_the_status_1(Severity severity, int status) =>
        Assert.Equal(status, Examination.ExitCode([new Checked("a", Finding.Ok("")), new Checked("b", new Finding(severity, ""))]));

    [Fact]
    public void A_runtime_is_judged_by_its_drivers_probe()
    {
        Assert.Equal(Finding.Ok("runsc 20240729"), RuntimeCheck.FindingOf(new RuntimeProbe(null, null, "runsc 20240729")));
        Assert.Equal(
            Finding.Fail("runsc does not start (runsc 2022)", "install a newer one"),
            RuntimeCheck.FindingOf(new RuntimeProbe("runsc does not start", "install a newer one", "runsc 2022")));
    }

    [Fact]
    public void The_table_has_a_line_for_each_finding_and_its_remedy_beneath()
    {
        string[] lines = Report.Table([new Checked("kernel", Finding.Ok("Linux 6.1")), new Checked("kvm", Finding.Warn("absent", "do this\nor that"))])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["ok    kernel  Linux 6.1", "warn  kvm     absent", "              -> do this", "              -> or that", "Nothing that is required failed; 1 with a warning."],
            lines);
    }

    [Fact]
    public void The_JSON_says_whether_the_machine_is_usable_and_why_not()
    {
        using JsonDocument document = JsonDocument.Parse(Report.Json([new Checked("root", Finding.Fail("not root", "sudo"))]));
        Assert.False(document.RootElement.GetProperty("usable").GetBoolean());
        JsonElement check = Assert.Single(document.RootElement.GetProperty("checks").EnumerateArray());
        Assert.Equal(["root", "fail", "not root", "sudo"], check.EnumerateObject().Select(p => p.Value.GetString()));
    }

    private static Task<IReadOnlyList<Checked>> Run(params ICheck[] checks) => Examination.RunAsync(checks, TimeProvider.System, CancellationToken.None);

    private sealed class Check(string name, Func<CancellationToken, Task<Finding>> run) : ICheck
    {
        public string Name => name;

        public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(30);

        public Task<Finding> RunAsync(CancellationToken cancellation) => run(cancellation);
    }
}
