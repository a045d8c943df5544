using Atoll.Control.Webhooks;
using Xunit;

namespace Atoll.Unit.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WebhookOptions Options = new();

    [Theory]
    [InlineData(1, 0.5, 5)]
    [InlineData(1, 0, 4)]
    [InlineData(1, 1, 6)]
    [InlineData(2, 0.5, 10)]
    [InlineData(5, 0.5, 80)]
    [InlineData(10, 0.5, 2560)]
    [InlineData(11, 0.5, 3600)]
    [InlineData(32, 0, 2880)]
    [InlineData(1000, 1, 4320)]
    public void The_pause_doubles_up_to_an_hour_a_fifth_more_or_less(int attempts, double chance, int seconds) =>
        Assert.Equal(seconds, RetrySchedule.Pause(Options, attempts, chance).TotalSeconds, 0.001);

    [Theory]
    [InlineData(1, 32, 0, true)]
    [InlineData(32, 32, 0, true)]
    [InlineData(33, 32, 0, false)]
    [InlineData(1, 0, 0, false)]
    [InlineData(1, 32, 86_394, true)]
    [InlineData(1, 32, 86_396, false)]
    [InlineData(20, 32, 80_000, true)]
    [InlineData(20, 32, 83_000, false)]
    public void It_is_given_up_after_a_day_or_so_many_retries(int attempts, int retries, int age, bool again) =>
        Assert.Equal(again, RetrySchedule.Next(Options, attempts, retries, Start, Start.AddSeconds(age), 0.5) is not null);

    [Fact]
    public void As_many_retries_as_there_may_be_fit_into_the_day_at_most()
    {
        DateTimeOffset now = Start;
        int attempts = 0;
        while (RetrySchedule.Next(Options, ++attempts, int.MaxValue, Start, now, 0.5) is { } next)
        {
            now = next;
        }

        Assert.InRange(attempts - 1, 30, Domain.Webhooks.IWebhooks.MaxRetries);
    }
}
