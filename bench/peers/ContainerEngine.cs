namespace Atoll.Peers;

/// <summary>docker or podman, with the root file system imported as an image.</summary>
internal sealed class ContainerEngine(string engine, string rootfs) : Peer
{
    private readonly string _image = $"atoll-peers-{Environment.ProcessId}:bench";
    private readonly string _held = $"atoll-peers-{Environment.ProcessId}";
    private bool _imported;
    private bool _holds;

    public override string Name => $"{engine} run";

    public override string Program => engine;

    public override bool CanExec => true;

    public override async Task PrepareAsync()
    {
        await Tool.RunAsync([engine, "info"], TimeSpan.FromSeconds(20));
        _imported = true;
        await Tool.RunAsync(
            ["/bin/sh", "-c", "tar -C \"$1\" -c . | \"$2\" import - \"$3\"", "sh", rootfs, engine, _image], TimeSpan.FromMinutes(5));
    }

    public override Task<string> RunAsync() => Tool.RunAsync([engine, "run", "--rm", _image, .. Greeting]);

    public override async Task HoldAsync()
    {
        _holds = true;
        await Tool.RunAsync([engine, "run", "--detach", "--rm", "--name", _held, _image, .. Idle]);
    }

    public override Task<string> ExecAsync() => Tool.RunAsync([engine, "exec", _held, .. Greeting]);

    public override async ValueTask DisposeAsync()
    {
        if (_holds)
        {
            await Tool.TryRunAsync(engine, "rm", "--force", _held);
        }
        if (_imported)
        {
            await Tool.TryRunAsync(engine, "rmi", "--force", _image);
        }
    }
}
