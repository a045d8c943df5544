using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Linux;

public sealed class ProcessStatTests
{
    private const string Rest = "S 1 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 2000 184467 1 1\n";

    [Theory]
    [InlineData("bash")]
    [InlineData("tmux: server")]
    [InlineData("evil) R 7 (x")]
    [InlineData("")]
    public void Any_name_is_told_from_the_fields_after_it(string name)
    {
        ProcessStat stat = ProcessStat.Parse($"42 ({name}) {Rest}");
        Assert.Equal(new ProcessStat(42, name, 'S', 1, 42, 43, 98765), stat);
    }

    [Theory]
    [InlineData("")]
    [InlineData("42 (x")]
    [InlineData("42 x) S")]
    [InlineData("42 (x) S 1 2")]
    [InlineData(")(")]
    public void Other_text_is_refused(string text) => Assert.Throws<FormatException>(() => ProcessStat.Parse(text));

    [Fact]
    public void This_process_is_found_and_a_pid_beyond_the_limit_is_not()
    {
        Assert.Equal(Environment.ProcessId, ProcessStat.TryRead(Environment.ProcessId)!.Pid);
        Assert.Null(ProcessStat.TryRead(int.MaxValue));
    }
}
