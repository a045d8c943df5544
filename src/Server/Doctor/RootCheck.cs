namespace Atoll.Server.Doctor;

/// <summary>Namespaces, cgroups and nftables are root's.</summary>
internal sealed class RootCheck : ICheck
{
    public string Name => "root";

    public Task<Finding> RunAsync(CancellationToken cancellation) => Task.FromResult(
        Environment.IsPrivilegedProcess
            ? Finding.Ok("this process is root")
            : Finding.Fail($"this process is user {Environment.UserName}", "run it with sudo"));
}
