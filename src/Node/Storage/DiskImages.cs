using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Runtimes;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Storage;

/// <summary>
/// Gives each sandbox a file system of a fixed size for what it writes, so that its storage limit is a hard one:
/// <code>
///   blanks/ext4-10g.img --sparse copy--> sandboxes/ID/disk.img --loop device--> mounted on sandboxes/ID/disk
/// </code>
/// </summary>
internal sealed partial class DiskImages(DiskOptions options, RunProgram run, ILogger<DiskImages> log)
{
    // ext4 without barriers and journal: after a crash of the host no sandbox is left to read it.
    private const string MountOptions = "discard,barrier=0,noinit_itable";
    private const int UnmountAttempts = 40;
    private const int AtOnce = 8;
    private static readonly TimeSpan UnmountPause = TimeSpan.FromMilliseconds(50);
    private readonly BlankDisks _blanks = new(options, run);
    private readonly BlockingWork _work = new(AtOnce);

    /// <summary>Makes ready what all disks share. Safe to repeat.</summary>
    /// <param name="gigabytes">Sizes to format blank images for ahead of need.</param>
    public async Task PrepareAsync(IEnumerable<int> gigabytes, CancellationToken cancellation)
    {
        Directory.CreateDirectory(
            options.SandboxesDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Mounts.Share(options.SandboxesDirectory);
        _blanks.Prepare();
        foreach (int size in gigabytes)
        {
            await _blanks.EnsureAsync(size, cancellation);
        }
    }

    /// <summary>Undoes what <see cref="PrepareAsync"/> did beyond files. No disk may be mounted.</summary>
    public void Retire()
    {
        while (Mounts.Unmount(options.SandboxesDirectory))
        {
        }
    }

    /// <summary>The directory on which a sandbox's disk is mounted.</summary>
    public string MountPathOf(SandboxId id) => Path.Combine(DirectoryOf(id), "disk");

    /// <summary>Bytes that are taken of a sandbox's disk, and that it has in all.</summary>
    /// <exception cref="IOException">It has none.</exception>
    public (long Used, long Total) Usage(SandboxId id)
    {
        var disk = new DriveInfo(MountPathOf(id));
        return (disk.TotalSize - disk.TotalFreeSpace, disk.TotalSize);
    }

    /// <summary>Makes and mounts the disk of a sandbox that has none.</summary>
    /// <returns>Where it is mounted.</returns>
    /// <exception cref="IOException">With what failed; nothing is left then.</exception>
    public async Task<string> MakeAsync(SandboxId id, int gigabytes, CancellationToken cancellation)
    {
        string blank = await _blanks.EnsureAsync(gigabytes, cancellation);
        try
        {
            return await _work.RunAsync(() => MakeNow(id, blank), cancellation);
        }
        catch
        {
            await RemoveAsync(id);
            throw;
        }
    }

    private string MakeNow(SandboxId id, string blank)
    {
        string mountPath = MountPathOf(id);
        Directory.CreateDirectory(mountPath);
        SparseFiles.Copy(blank, ImageOf(id));
        using LoopDevice device = LoopDevices.Attach(ImageOf(id));
        Mounts.Mount(
            device.Path, mountPath, "ext4", MountFlags.MS_NODEV | MountFlags.MS_NOSUID | MountFlags.MS_NOATIME, MountOptions);
        return mountPath;
    }

    /// <summary>Unmounts and deletes whatever there is of a sandbox's disk, half made or not. Safe to repeat.</summary>
    public async Task RemoveAsync(SandboxId id)
    {
        await UnmountAsync(id);
        await _work.RunAsync(() => DeleteNow(id));
    }

    private void DeleteNow(SandboxId id)
    {
        if (Directory.Exists(MountPathOf(id)))
        {
            Directory.Delete(MountPathOf(id));
        }

        if (Directory.Exists(DirectoryOf(id)))
        {
            File.Delete(ImageOf(id));
            RemoveIfEmpty(DirectoryOf(id));
        }
    }

    // Busy while the last process of the sandbox is on its way out, for which there is no event: hence a few tries.
    private async Task UnmountAsync(SandboxId id)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (!await _work.RunAsync(() => Mounts.Unmount(MountPathOf(id))))
                {
                    return;
                }
            }
            catch (SyscallException e) when (e.Error == Errno.EBUSY)
            {
                if (attempt == UnmountAttempts)
                {
                    LogStillBusy(id);
                    await _work.RunAsync(() => Mounts.Unmount(MountPathOf(id), UnmountFlags.MNT_DETACH));
                    return;
                }

                await Task.Delay(UnmountPause);
            }
        }
    }

    // Other parts keep their own files of the sandbox there, and whoever is last removes the directory.
    private static void RemoveIfEmpty(string directory)
    {
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
        {
            Directory.Delete(directory);
        }
    }

    private string DirectoryOf(SandboxId id) => Path.Combine(options.SandboxesDirectory, id.Value);

    private string ImageOf(SandboxId id) => Path.Combine(DirectoryOf(id), "disk.img");

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: its disk is still in use by a process and is detached; its space is freed when that process ends")]
    private partial void LogStillBusy(SandboxId sandbox);
}
