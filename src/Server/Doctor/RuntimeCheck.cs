using System.Text.Json;
using Atoll.Node.Runtimes;

namespace Atoll.Server.Doctor;

/// <summary>Whether sandboxes can really be started here, which a child process finds out by starting one.</summary>
internal sealed class RuntimeCheck(string program, string dataDirectory) : ICheck
{
    public string Name => "gvisor";

    public TimeSpan Limit => TimeSpan.FromSeconds(60);

    public async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        ProcessResult result = await DoctorProcess.RunAsync(
                program, ["doctor", DoctorCommand.RuntimeProbeName, "--data", dataDirectory], "", cancellation)
            ?? throw new FileNotFoundException($"{program} cannot be started");
        return result.ExitCode == 0
            ? FindingOf(JsonSerializer.Deserialize<RuntimeProbe>(result.Output)!)
            : Finding.Fail($"the probe ended with {result.ExitCode}: {result.FirstError}", "mend what the other checks name, then try again");
    }

    internal static Finding FindingOf(RuntimeProbe probe) => probe.Usable
        ? Finding.Ok(probe.Detail)
        : Finding.Fail($"{probe.Problem}{(probe.Detail.Length > 0 ? $" ({probe.Detail})" : "")}", probe.Remedy ?? "see the other checks");
}
