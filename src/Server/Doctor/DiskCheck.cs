namespace Atoll.Server.Doctor;

/// <summary>Room for templates and sandboxes where the data directory is, and loop devices for their disks.</summary>
internal sealed class DiskCheck(string data) : ICheck
{
    private const long Needed = 3L << 30;
    private const long Comfortable = 20L << 30;

    public string Name => "disk";

    public Task<Finding> RunAsync(CancellationToken cancellation)
    {
        string existing = Path.GetFullPath(data);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        var drive = new DriveInfo(existing);
        return Task.FromResult(Judge(data, drive.DriveFormat, drive.AvailableFreeSpace, File.Exists("/dev/loop-control")));
    }

    public static Finding Judge(string data, string format, long free, bool loop)
    {
        string room = $"{free / (double)(1L << 30):0.0} GiB free at {data} ({format})";
        if (!loop)
        {
            return Finding.Fail("there are no loop devices: /dev/loop-control is absent", "modprobe loop");
        }

        if (format is "tmpfs" or "ramfs" or "nfs" or "nfs4" or "cifs" or "fuse" or "9p" or "overlay" or "overlayfs")
        {
            return Finding.Warn($"{room}: {format} is no place for disks of sandboxes", "give --data a directory on ext4 or xfs");
        }

        return free switch
        {
            < Needed => Finding.Fail(room, $"free {Needed >> 30} GiB, or give --data a directory on another disk"),
            < Comfortable => Finding.Warn(room, "a sandbox may use up to its storage_gb: give --data a directory with more room"),
            _ => Finding.Ok(room),
        };
    }
}
