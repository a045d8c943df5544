namespace Atoll.Server.Doctor;

/// <summary>
/// Whether hardware virtualisation works, by booting a guest of three instructions. It happens in a child process, since a broken
/// nested KVM hangs where no signal but SIGKILL ends it. gVisor needs none of this: what is wrong is a warning.
/// </summary>
internal sealed class KvmCheck(string program) : ICheck
{
    private const string Unneeded = "sandboxes run with gVisor, which does not need it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public string Name => "kvm";

    public async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        if (!File.Exists("/dev/kvm"))
        {
            return Finding.Warn("/dev/kvm is absent", $"nothing to do: {Unneeded}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return await DoctorProcess.RunAsync(program, ["doctor", DoctorCommand.KvmProbe], "", limit.Token) switch
            {
                { ExitCode: 0 } => Finding.Ok("a guest was booted"),
                { FirstError: var why } => Finding.Warn($"a guest cannot be booted: {why}", $"nothing to do: {Unneeded}"),
                null => throw new FileNotFoundException($"{program} cannot be started"),
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Finding.Warn($"a guest hangs: no end within {Patience.TotalSeconds:0} s", $"nothing to do: {Unneeded}");
        }
    }
}
