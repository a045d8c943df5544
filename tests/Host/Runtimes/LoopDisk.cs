using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>A file system of a given size over a directory, which can be filled without writing much.</summary>
internal sealed class LoopDisk(string file, string directory) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private string Filler => Path.Combine(directory, "filler");

    public static async Task<LoopDisk> MountAsync(GVisorMachine machine, string directory, long bytes)
    {
        string file = Path.GetTempFileName();
        using (FileStream disk = File.OpenWrite(file))
        {
            disk.SetLength(bytes);
        }

        Assert.Equal(0, (await machine.Processes.RunAsync("mkfs.ext4", ["-q", "-F", "-m", "0", file], Limit, CancellationToken.None)).ExitCode);
        using LoopDevice device = LoopDevices.Attach(file);
        Mounts.Mount(device.Path, directory, "ext4", MountFlags.MS_NODEV, "");
        return new LoopDisk(file, directory);
    }

    /// <summary>Takes all that is free but a little.</summary>
    public void Fill(long leave)
    {
        long free = new DriveInfo(directory).AvailableFreeSpace - leave;
        using var filler = new FileStream(Filler, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = free });
    }

    public void Empty() => File.Delete(Filler);

    public ValueTask DisposeAsync()
    {
        Mounts.Unmount(directory, UnmountFlags.MNT_DETACH);
        File.Delete(file);
        return ValueTask.CompletedTask;
    }
}
