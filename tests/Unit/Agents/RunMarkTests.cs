using System.Text;
using Atoll.Agent.Processes;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class RunMarkTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(200)]
    public void A_mark_is_found_wherever_it_lies_in_an_environment_and_no_other(int before)
    {
        var (mark, other) = (RunMark.New(), RunMark.New());
        string environment = $"{new string('x', before)}\0{RunMark.Variable}={mark.Value}\0{new string('y', 300)}";
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(environment));
        Assert.True(mark.IsIn(stream, new byte[64]));
        stream.Position = 0;
        Assert.False(other.IsIn(stream, new byte[64]));
    }
}
