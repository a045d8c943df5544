namespace Atoll.Peers;

/// <summary>Another way to run a command in isolation on the same root file system.</summary>
internal abstract class Peer : IAsyncDisposable
{
    protected static readonly string[] Greeting = ["/bin/sh", "-c", "echo hi"];
    protected static readonly string[] Idle = ["/bin/sleep", "3600"];

    /// <summary>As it is printed.</summary>
    public abstract string Name { get; }

    /// <summary>The program that must be installed.</summary>
    public abstract string Program { get; }

    /// <summary>As its exec is printed.</summary>
    public virtual string ExecName => $"{Program} exec";

    /// <summary>Whether commands can be run in one that runs already.</summary>
    public virtual bool CanExec => false;

    /// <summary>What is not timed: importing images, writing configurations.</summary>
    public virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Start, <c>echo hi</c>, end.</summary>
    public abstract Task<string> RunAsync();

    /// <summary>Starts one that stays, for <see cref="ExecAsync"/>.</summary>
    public virtual Task HoldAsync() => throw new PeerException($"{Name} has no exec");

    /// <summary><c>echo hi</c> in the one that stays.</summary>
    public virtual Task<string> ExecAsync() => throw new PeerException($"{Name} has no exec");

    /// <summary>Ends the one that stays and removes what was prepared.</summary>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static IReadOnlyList<Peer> All(string rootfs) =>
        [new Bubblewrap(rootfs), new Crun(rootfs), new Nspawn(rootfs), new ContainerEngine("docker", rootfs), new ContainerEngine("podman", rootfs)];
}

/// <summary>bubblewrap: namespaces only, no image, no daemon.</summary>
internal sealed class Bubblewrap(string rootfs) : Peer
{
    public override string Name => "bwrap";

    public override string Program => "bwrap";

    public override Task<string> RunAsync() => Tool.RunAsync(
        ["bwrap", "--ro-bind", rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "--die-with-parent", .. Greeting]);
}

/// <summary>systemd-nspawn, without registration, so that it needs no machined.</summary>
internal sealed class Nspawn(string rootfs) : Peer
{
    public override string Name => "systemd-nspawn";

    public override string Program => "systemd-nspawn";

    public override Task<string> RunAsync() => Tool.RunAsync(
    [
        "systemd-nspawn", "--quiet", "--directory", rootfs, "--read-only", "--register=no", "--keep-unit", "--private-network", "--pipe", .. Greeting,
    ]);
}
