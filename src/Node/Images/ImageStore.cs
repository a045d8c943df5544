using System.Collections.Concurrent;
using Atoll.Domain.Nodes;
using Atoll.Domain.Snapshots;
using Atoll.Linux;
using Atoll.Node.Launch;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Images;

/// <summary>
/// The images on this machine's disk. One is there whole or not at all: it is made under another name and renamed.
/// <code>
///   DATA/images/ID.half/    being written, or being removed; never found
///   DATA/images/ID/         manifest.json and the runtime's files; never changes
/// </code>
/// </summary>
internal sealed class ImageStore(string directory, LaunchFaults faults)
{
    private const string Half = ".half";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const long LargeBytes = 16 << 20;
    private const int AtOnce = 8;
    private readonly ConcurrentDictionary<ImageId, ImageManifest> _found = new();
    private readonly BlockingWork _work = new(AtOnce);

    /// <summary>Makes the directory, and removes what an earlier process has left half done.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(directory, OwnerOnly);
        foreach (string half in Directory.EnumerateDirectories(directory, "*" + Half))
        {
            Directory.Delete(half, recursive: true);
        }
    }

    /// <summary>Bytes that are free where images are kept.</summary>
    public long FreeBytes => new DriveInfo(directory).AvailableFreeSpace;

    public string PathOf(ImageId id) => Path.Combine(directory, id.Value);

    /// <summary>The manifest of an image that is whole; null when there is none, or none that can be read.</summary>
    public ImageManifest? Find(ImageId id)
    {
        if (!Directory.Exists(PathOf(id)))
        {
            _found.TryRemove(id, out _);
            return null;
        }

        try
        {
            return _found.GetOrAdd(id, _ => ImageManifest.Read(PathOf(id)));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>What is known of an image that is whole.</summary>
    public static SandboxImage Describe(ImageManifest manifest) =>
        new(manifest.Id, manifest.Source, manifest.Files.Sum(file => file.Length), manifest.TakenAt);

    /// <summary>Every image of which there is anything, whole or not.</summary>
    public IReadOnlyList<ImageId> List() => !Directory.Exists(directory) ? [] :
    [
        .. Directory.EnumerateDirectories(directory)
            .Select(path => Path.GetFileName(path)!)
            .Select(name => name.EndsWith(Half, StringComparison.Ordinal) ? name[..^Half.Length] : name)
            .Distinct()
            .Select(name => ImageId.TryParse(name, out ImageId id) ? id : (ImageId?)null)
            .OfType<ImageId>(),
    ];

    /// <summary>Begins an image.</summary>
    /// <returns>An empty directory for the runtime's files.</returns>
    public string Begin(ImageId id)
    {
        RemoveHalf(id);
        return Directory.CreateDirectory(HalfOf(id), OwnerOnly).FullName;
    }

    /// <summary>Makes what was begun an image: durably, and from one moment to the next.</summary>
    /// <param name="manifest">Without its files.</param>
    public async Task<ImageManifest> CompleteAsync(ImageManifest manifest, CancellationToken cancellation)
    {
        string half = HalfOf(manifest.Id);
        Task written = LargeOnesToDiskAsync(half, cancellation);
        ImageManifest whole = manifest with { Files = await ImageDigests.ComputeAsync(half, cancellation) };
        await written;
        whole.Write(half);
        await Task.WhenAll([.. Directory.EnumerateFiles(half).Select(ToDiskAsync), _work.RunAsync(() => Files.SyncDirectory(half), cancellation)]);
        faults.Reach("after:manifest");
        cancellation.ThrowIfCancellationRequested();
        Directory.Move(half, PathOf(manifest.Id));
        Files.SyncDirectory(directory);
        faults.Reach("after:rename");
        return whole;
    }

    /// <summary>Removes an image, whole or not. It is not found from the first moment on.</summary>
    public void Remove(ImageId id)
    {
        RemoveHalf(id);
        if (Directory.Exists(PathOf(id)))
        {
            Directory.Move(PathOf(id), HalfOf(id));
            RemoveHalf(id);
        }

        _found.TryRemove(id, out _);
    }

    // Beside their digests, since it takes long; small ones are written with all others, in one transaction of the file system.
    private Task LargeOnesToDiskAsync(string half, CancellationToken cancellation) => Task.WhenAll(
        new DirectoryInfo(half).EnumerateFiles().Where(file => file.Length > LargeBytes).Select(file => ToDiskAsync(file.FullName).WaitAsync(cancellation)));

    private Task ToDiskAsync(string path) => _work.RunAsync(() =>
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    });

    private void RemoveHalf(ImageId id)
    {
        if (Directory.Exists(HalfOf(id)))
        {
            Directory.Delete(HalfOf(id), recursive: true);
        }
    }

    private string HalfOf(ImageId id) => Path.Combine(directory, id.Value + Half);
}
