using System.Text.Json.Nodes;

namespace Atoll.Peers;

/// <summary>
/// The runsc program by itself, without network, limits or anybody who looks after it: what checkpoint and restore cost
/// at the least. One container at a time, which runs a program that holds so much memory and waits.
/// </summary>
internal sealed class RawRunsc(string rootfs, int megabytes) : IAsyncDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("atoll-peers-runsc-").FullName;
    private int _images;
    private int _containers;

    /// <summary>A program that holds <paramref name="megabytes"/> of data that does not compress, says so in a file and waits.</summary>
    public static string[] Holder(int megabytes) =>
    [
        "/usr/bin/python3", "-c",
        $"import os,time\nb=[os.urandom(1<<20) for _ in range({megabytes})]\nopen('/tmp/ready','w').write('yes')\nwhile True: time.sleep(1)",
    ];

    private string Bundle => Path.Combine(_work, "bundle");

    private string Container => $"c{_containers}";

    private string Image => Path.Combine(_work, $"image-{_images}");

    /// <summary>Starts the container whose memory is then written and read.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Bundle);
        Directory.CreateDirectory(Path.Combine(_work, "files"));
        await Tool.RunAsync(["runsc", "spec"], workingDirectory: Bundle);
        string path = Path.Combine(Bundle, "config.json");
        JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(path, cancellation))!;
        config["root"] = new JsonObject { ["path"] = rootfs, ["readonly"] = false };
        config["process"]!["terminal"] = false;
        config["process"]!["args"] = new JsonArray([.. Holder(megabytes).Select(argument => (JsonNode)argument)]);
        await File.WriteAllTextAsync(path, config.ToJsonString(), cancellation);
        await DetachedAsync("run", "-detach", $"-bundle={Bundle}", Container);
        while (await TryAsync("exec", Container, "/usr/bin/test", "-e", "/tmp/ready") != 0)
        {
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>Writes the container's memory and files to a new image; it runs on.</summary>
    public async Task<string> CheckpointAsync()
    {
        _images++;
        Directory.CreateDirectory(Image);
        return await RunAsync("checkpoint", "-leave-running", "-compression=none", $"-image-path={Image}", Container);
    }

    public Task<string> DeleteAsync() => RunAsync("delete", "-force", Container);

    /// <summary>Brings the last image up as the next container.</summary>
    public async Task RestoreAsync()
    {
        _containers++;
        await DetachedAsync("restore", "-detach", $"-bundle={Bundle}", $"-image-path={Image}", Container);
    }

    /// <summary>Removes the images, so that the disk does not fill up.</summary>
    public void Tidy()
    {
        foreach (string image in Directory.EnumerateDirectories(_work, "image-*"))
        {
            Directory.Delete(image, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await TryAsync("delete", "-force", Container);
        Directory.Delete(_work, recursive: true);
    }

    // What is detached inherits what runsc has: its streams must not be pipes that somebody reads to their end.
    private async Task DetachedAsync(params string[] arguments) => await Tool.RunAsync(
        ["/bin/sh", "-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", .. Command(arguments)]);

    private Task<string> RunAsync(params string[] arguments) => Tool.RunAsync(Command(arguments));

    private async Task<int> TryAsync(params string[] arguments)
    {
        try
        {
            await RunAsync(arguments);
            return 0;
        }
        catch (PeerException)
        {
            return 1;
        }
    }

    private string[] Command(string[] arguments) =>
        ["runsc", $"--root={Path.Combine(_work, "state")}", "--platform=systrap", "--network=none", "--ignore-cgroups", $"--overlay2=root:dir={Path.Combine(_work, "files")}", .. arguments];
}
