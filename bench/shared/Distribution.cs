namespace Atoll.Bench;

/// <summary>
/// What repeated measurements say: smallest, largest and percentiles by nearest rank, so that every figure is one that
/// was measured. Milliseconds.
/// </summary>
internal sealed record Distribution(int Count, int Failures, double Min, double P50, double P95, double P99, double Max)
{
    /// <param name="milliseconds">The successful measurements, in any order.</param>
    /// <param name="failures">How many did not succeed; they are in no other figure.</param>
    public static Distribution Of(IEnumerable<double> milliseconds, int failures)
    {
        double[] sorted = [.. milliseconds.Order()];
        return sorted.Length == 0
            ? new Distribution(0, failures, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN)
            : new Distribution(
                sorted.Length, failures, sorted[0], Rank(sorted, 50), Rank(sorted, 95), Rank(sorted, 99), sorted[^1]);
    }

    /// <summary>
    /// Nearest rank: the smallest value that at least <paramref name="percent"/> % of the values do not exceed. The rank
    /// is computed in integers: 0.95 * 20 in floating point is a little more than 19 and would name the 20th.
    /// </summary>
    private static double Rank(double[] sorted, int percent) => sorted[Math.Max(0, (sorted.Length * percent + 99) / 100 - 1)];
}
