using System.Text.Json.Nodes;

namespace Atoll.Peers;

/// <summary>
/// crun, an OCI runtime, without an engine around it. Where the host mounts both cgroup hierarchies, which crun refuses,
/// it runs in a mount namespace of its own without the second one; that costs it an unshare(1) each time.
/// </summary>
internal sealed class Crun(string rootfs) : Peer
{
    private const string HideUnified = "umount /sys/fs/cgroup/unified && exec \"$@\"";

    private readonly string _bundles = Directory.CreateTempSubdirectory("atoll-peers-crun-").FullName;
    private readonly string _id = $"atoll-peers-{Environment.ProcessId}";
    private bool _held;
    private int _runs;

    public override string Name => $"crun run{Remark}";

    public override string ExecName => $"crun exec{Remark}";

    public override string Program => "crun";

    public override bool CanExec => true;

    private static bool IsHybrid => Directory.Exists("/sys/fs/cgroup/unified");

    private static string Remark => IsHybrid ? " (own mount namespace: hybrid cgroups)" : "";

    private static string[] Prefix =>
        IsHybrid ? ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", HideUnified, "sh"] : [];

    public override async Task PrepareAsync()
    {
        await WriteBundleAsync("run", Greeting);
        await WriteBundleAsync("hold", Idle);
    }

    public override Task<string> RunAsync() => Tool.RunAsync(
        [.. Prefix, "crun", "run", "--bundle", Path.Combine(_bundles, "run"), $"{_id}-{Interlocked.Increment(ref _runs)}"]);

    public override async Task HoldAsync()
    {
        // The container inherits what crun has: its streams must not be the pipes that RunAsync reads to their end.
        await Tool.RunAsync(
            [.. Prefix, "/bin/sh", "-c", "exec crun run --detach --bundle \"$1\" \"$2\" >/dev/null 2>&1", "sh", Path.Combine(_bundles, "hold"), _id]);
        _held = true;
    }

    public override Task<string> ExecAsync() => Tool.RunAsync([.. Prefix, "crun", "exec", _id, .. Greeting]);

    public override async ValueTask DisposeAsync()
    {
        if (_held)
        {
            await Tool.TryRunAsync([.. Prefix, "crun", "delete", "--force", _id]);
        }
        Directory.Delete(_bundles, recursive: true);
    }

    private async Task WriteBundleAsync(string name, string[] arguments)
    {
        string bundle = Directory.CreateDirectory(Path.Combine(_bundles, name)).FullName;
        await Tool.RunAsync(["crun", "spec"], workingDirectory: bundle);
        string path = Path.Combine(bundle, "config.json");
        JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        config["root"] = new JsonObject { ["path"] = rootfs, ["readonly"] = true };
        config["process"]!["terminal"] = false;
        config["process"]!["args"] = new JsonArray([.. arguments.Select(argument => (JsonNode)argument)]);
        await File.WriteAllTextAsync(path, config.ToJsonString());
    }
}
