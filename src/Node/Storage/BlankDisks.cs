using System.Collections.Concurrent;
using Atoll.Node.Runtimes;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Storage;

/// <summary>
/// Keeps one formatted, empty, sparse image per size, because formatting is too slow for starting a sandbox and
/// copying an image that is nearly all hole is not.
/// </summary>
internal sealed class BlankDisks(DiskOptions options, RunProgram run)
{
    /// <summary>Changes when the way of formatting does, so that images made in another way are not used.</summary>
    private const string Layout = "v1";
    private const string Unfinished = ".half";
    private static readonly TimeSpan FormatLimit = TimeSpan.FromMinutes(2);
    private readonly ConcurrentDictionary<int, SemaphoreSlim> _locks = new();

    /// <summary>Makes the directory and removes what an interrupted process left half made.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(options.BlanksDirectory);
        foreach (string half in Directory.EnumerateFiles(options.BlanksDirectory, "*" + Unfinished))
        {
            File.Delete(half);
        }
    }

    /// <summary>The path of the blank image of a size, which is made when it is not there.</summary>
    public async Task<string> EnsureAsync(int gigabytes, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(gigabytes, 1);
        string path = Path.Combine(options.BlanksDirectory, $"ext4-{Layout}-{gigabytes}g.img");
        if (File.Exists(path))
        {
            return path;
        }

        SemaphoreSlim one = _locks.GetOrAdd(gigabytes, _ => new SemaphoreSlim(1));
        await one.WaitAsync(cancellation);
        try
        {
            if (!File.Exists(path))
            {
                await MakeAsync(path, gigabytes, cancellation);
            }
        }
        finally
        {
            one.Release();
        }

        return path;
    }

    private async Task MakeAsync(string path, int gigabytes, CancellationToken cancellation)
    {
        string half = $"{path}.{Guid.NewGuid():n}{Unfinished}";
        try
        {
            using (SafeFileHandle file = File.OpenHandle(half, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite))
            {
                RandomAccess.SetLength(file, (long)gigabytes << 30);
                await FormatAsync(half, cancellation);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(half, path, overwrite: true);
        }
        finally
        {
            File.Delete(half);
        }
    }

    // The file system holds runsc's one file: few inodes. Nothing of it outlives a crash of the host: no journal.
    // All metadata in one place, complete: the copy is short, and the kernel has no tables to fill in later.
    private async Task FormatAsync(string image, CancellationToken cancellation)
    {
        ProgramResult result = await run(
            "mkfs.ext4",
            [
                "-q", "-F", "-b", "4096", "-m", "0", "-N", "1024", "-O", "^has_journal,^resize_inode,sparse_super2",
                "-E", "lazy_itable_init=0,nodiscard,packed_meta_blocks=1,num_backup_sb=0", image,
            ],
            FormatLimit,
            cancellation);
        if (result.ExitCode != 0)
        {
            throw new IOException($"mkfs.ext4 {image} ended with status {result.ExitCode}: {result.Output.Trim()}");
        }
    }
}
