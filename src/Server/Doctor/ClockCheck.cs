namespace Atoll.Server.Doctor;

/// <summary>Timeouts and the order of events go by the clock: it must not be before the program was built.</summary>
internal sealed class ClockCheck(TimeProvider time) : ICheck
{
    public string Name => "clock";

    public Task<Finding> RunAsync(CancellationToken cancellation) =>
        Task.FromResult(Judge(time.GetUtcNow(), File.GetLastWriteTimeUtc(typeof(ClockCheck).Assembly.Location)));

    public static Finding Judge(DateTimeOffset now, DateTimeOffset built) => now >= built.AddHours(-1)
        ? Finding.Ok($"{now:u}")
        : Finding.Fail($"it is {now:u} by the clock, and this program was built {built:u}", "set it: timedatectl set-ntp true");
}
