using Atoll.Node.Runtimes;

namespace Atoll.Server.Doctor;

/// <summary>Whether a runtime can really start a sandbox here, which its driver finds out by doing it.</summary>
internal sealed class RuntimeCheck(IRuntimeDriver driver) : ICheck
{
    public string Name => driver.Name;

    public TimeSpan Limit => TimeSpan.FromSeconds(30);

    public async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        RuntimeProbe probe = await driver.ProbeAsync(cancellation);
        return probe.Usable
            ? Finding.Ok(probe.Detail)
            : Finding.Fail($"{probe.Problem}{(probe.Detail.Length > 0 ? $" ({probe.Detail})" : "")}", probe.Remedy ?? "see the log of the server");
    }
}
