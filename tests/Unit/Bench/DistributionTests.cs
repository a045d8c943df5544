using Atoll.Bench;
using Xunit;

namespace Atoll.Unit.Bench;

public sealed class DistributionTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 1, 2, 2)]
    [InlineData(20, 10, 19, 20)]
    [InlineData(21, 11, 20, 21)]
    [InlineData(100, 50, 95, 99)]
    [InlineData(101, 51, 96, 100)]
    [InlineData(1000, 500, 950, 990)]
    public void Percentiles_are_by_nearest_rank(int count, double p50, double p95, double p99)
    {
        IEnumerable<double> values = Enumerable.Range(1, count).Select(value => (double)value).OrderBy(value => value * 7919 % 1009);

        Distribution times = Distribution.Of(values, failures: 3);

        Assert.Equal(new Distribution(count, 3, 1, p50, p95, p99, count), times);
    }

    [Fact]
    public void Failures_alone_have_no_times()
    {
        Distribution times = Distribution.Of([], failures: 2);

        Assert.Equal((0, 2), (times.Count, times.Failures));
        Assert.All([times.Min, times.P50, times.P95, times.P99, times.Max], value => Assert.Equal(double.NaN, value));
    }

    [Theory]
    [InlineData(double.NaN, "-")]
    [InlineData(0.125, "0.13")]
    [InlineData(12.34, "12.3")]
    [InlineData(1234.5, "1235")]
    public void Figures_have_three_digits(double milliseconds, string expected) => Assert.Equal(expected, Report.Figure(milliseconds));
}
