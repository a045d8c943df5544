namespace Atoll.Server.Doctor;

/// <summary>Runs checks side by side, each within its limit; answers in their order.</summary>
internal static class Examination
{
    public static async Task<IReadOnlyList<Checked>> RunAsync(IReadOnlyList<ICheck> checks, TimeProvider time, CancellationToken cancellation) =>
        await Task.WhenAll(checks.Select(check => OneAsync(check, time, cancellation)));

    /// <summary>0 when nothing failed, 1 otherwise; warnings do not count.</summary>
    public static int ExitCode(IEnumerable<Checked> results) => results.Any(r => r.Finding.Severity == Severity.Fail) ? 1 : 0;

    private static async Task<Checked> OneAsync(ICheck check, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            // A check that ignores its token must not hold up the report: it is left behind.
            Task<Finding> run = Task.Run(() => check.RunAsync(limit.Token), limit.Token);
            return new Checked(check.Name, await run.WaitAsync(check.Limit, time, cancellation));
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync();
            return new Checked(check.Name, Finding.Fail($"no answer within {check.Limit.TotalSeconds:0} s", "look at dmesg and the load of this machine, then try again"));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new Checked(check.Name, Finding.Fail($"could not be found out: {e.Message}", "run as root on a Linux machine of your own"));
        }
    }
}
