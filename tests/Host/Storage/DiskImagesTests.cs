using Atoll.Domain.Sandboxes;
using Atoll.Host.Linux;
using Atoll.Linux;
using Atoll.Node.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Host.Storage;

/// <summary>Real images, loop devices and mounts, in a directory of their own that is empty again at the end.</summary>
public sealed class DiskImagesTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-test-disks").FullName;
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly DiskOptions _options;
    private readonly DiskImages _disks;

    public DiskImagesTests()
    {
        _options = new DiskOptions { DataDirectory = _data };
        _disks = NewInstance();
    }

    public Task InitializeAsync() => _disks.PrepareAsync([1], default);

    public async Task DisposeAsync()
    {
        await _disks.RemoveAsync(_id);
        IReadOnlyList<string> left = [.. Directory.EnumerateFileSystemEntries(_options.SandboxesDirectory)];
        _disks.Retire();
        Directory.Delete(_data, recursive: true);
        Assert.Empty(left);
        Assert.Empty(LoopsInUse());
        Assert.DoesNotContain(MountTable.Read(), mount => mount.Target.StartsWith(_data, StringComparison.Ordinal));
    }

    private DiskImages NewInstance() => new(_options, HostPrograms.RunAsync, NullLogger<DiskImages>.Instance);

    private string ImagePath => Path.Combine(_options.SandboxesDirectory, _id.Value, "disk.img");

    private string[] LoopsInUse() =>
        [.. Directory.EnumerateFiles("/sys/block", "loop*").Concat(Directory.EnumerateDirectories("/sys/block", "loop*"))
            .Where(device => ReadIfThere(Path.Combine(device, "loop/backing_file")).StartsWith(_data, StringComparison.Ordinal))];

    private static string ReadIfThere(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException)
        {
            return "";
        }
    }

    [Fact]
    public async Task A_disk_is_full_at_its_size_and_lives_on()
    {
        string mount = await _disks.MakeAsync(_id, 1, default);
        Assert.Equal(_disks.MountPathOf(_id), mount);
        long written = 0;
        var full = await Assert.ThrowsAnyAsync<IOException>(() => Task.Run(() =>
        {
            byte[] chunk = new byte[16 << 20];
            Array.Fill(chunk, (byte)1);
            using FileStream file = File.Create(Path.Combine(mount, "big"), bufferSize: 0);
            while (written < 4L << 30)
            {
                file.Write(chunk);
                written += chunk.Length;
            }
        }));
        Assert.Contains("No space left", full.Message);
        Assert.InRange(written, 900L << 20, 1L << 30);

        File.Delete(Path.Combine(mount, "big"));
        File.WriteAllText(Path.Combine(mount, "small"), "still here");
        Assert.Equal("still here", File.ReadAllText(Path.Combine(mount, "small")));
    }

    [Fact]
    public async Task A_new_disk_is_empty_and_takes_little_room()
    {
        string mount = await _disks.MakeAsync(_id, 1, default);
        Assert.Equal(["lost+found"], Directory.EnumerateFileSystemEntries(mount).Select(path => Path.GetFileName(path)));
        string blocks = await Commands.RunAsync("stat", "-c", "%b", ImagePath);
        Assert.InRange(long.Parse(blocks) * 512, 0, 2 << 20);
        MountEntry entry = Assert.Single(MountTable.Read(), entry => entry.Target == mount);
        Assert.Equal("ext4", entry.Type);
    }

    [Fact]
    public async Task Nothing_is_left_for_the_kernel_to_initialize_later()
    {
        await _disks.MakeAsync(_id, 1, default);
        string groups = await Commands.RunAsync("dumpe2fs", Directory.EnumerateFiles(_options.BlanksDirectory).Single());
        string[] flags = [.. groups.Split('\n').Where(line => line.StartsWith("Group ", StringComparison.Ordinal) && line.Contains(": (Blocks"))];
        Assert.NotEmpty(flags);
        Assert.All(flags, group => Assert.Contains("ITABLE_ZEROED", group));
        Assert.DoesNotContain("has_journal", groups);
    }

    [Fact]
    public async Task Remove_can_be_repeated_and_frees_the_loop_device()
    {
        await _disks.MakeAsync(_id, 1, default);
        Assert.Single(LoopsInUse());
        await _disks.RemoveAsync(_id);
        await _disks.RemoveAsync(_id);
        Assert.Empty(LoopsInUse());
        Assert.False(File.Exists(ImagePath));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_options.SandboxesDirectory));
    }

    [Fact]
    public async Task Another_instance_removes_what_this_one_made()
    {
        await _disks.MakeAsync(_id, 1, default);
        DiskImages other = NewInstance();
        await other.PrepareAsync([], default);
        await other.RemoveAsync(_id);
        Assert.Empty(LoopsInUse());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_options.SandboxesDirectory));
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("image")]
    [InlineData("image and directory")]
    public async Task A_half_made_disk_is_removed(string made)
    {
        Directory.CreateDirectory(made == "image" ? Path.GetDirectoryName(ImagePath)! : _disks.MountPathOf(_id));
        if (made != "directory")
        {
            File.WriteAllText(ImagePath, "half");
        }

        await _disks.RemoveAsync(_id);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_options.SandboxesDirectory));
    }

    [Fact]
    public async Task A_make_that_fails_leaves_nothing()
    {
        string blank = Directory.EnumerateFiles(_options.BlanksDirectory).Single();
        using (var file = File.OpenHandle(blank, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(file, new byte[8192], 0);
        }

        var thrown = await Assert.ThrowsAsync<SyscallException>(() => _disks.MakeAsync(_id, 1, default));
        Assert.Contains(_disks.MountPathOf(_id), thrown.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_options.SandboxesDirectory));
        Assert.Empty(LoopsInUse());
    }

    [Fact]
    public async Task Remove_keeps_what_others_put_beside_the_disk()
    {
        await _disks.MakeAsync(_id, 1, default);
        string beside = Path.Combine(Path.GetDirectoryName(ImagePath)!, "config.json");
        File.WriteAllText(beside, "{}");
        await _disks.RemoveAsync(_id);
        Assert.True(File.Exists(beside));
        Directory.Delete(Path.GetDirectoryName(ImagePath)!, recursive: true);
    }

    [Fact]
    public async Task A_disk_in_use_is_removed_as_soon_as_its_user_is_gone()
    {
        string mount = await _disks.MakeAsync(_id, 1, default);
        FileStream user = File.Create(Path.Combine(mount, "open"));
        Task remove = _disks.RemoveAsync(_id);
        Assert.False(remove.IsCompleted);
        await user.DisposeAsync();
        await remove;
        Assert.Empty(LoopsInUse());
    }

    [Fact]
    public async Task Blank_images_are_made_once_and_what_was_interrupted_is_cleared()
    {
        string half = Path.Combine(_options.BlanksDirectory, "ext4-v1-2g.img.x.half");
        File.WriteAllText(half, "half");
        await _disks.PrepareAsync([], default);
        Assert.False(File.Exists(half));

        string blank = Directory.EnumerateFiles(_options.BlanksDirectory).Single();
        DateTime made = File.GetLastWriteTimeUtc(blank);
        var blanks = new BlankDisks(_options, HostPrograms.RunAsync);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => blanks.EnsureAsync(2, default)));
        Assert.Equal(2, Directory.EnumerateFiles(_options.BlanksDirectory).Count());
        Assert.Equal(made, File.GetLastWriteTimeUtc(blank));
    }

    [Fact]
    public async Task Disks_made_at_once_each_get_their_own_device()
    {
        SandboxId[] ids = [.. Enumerable.Range(0, 12).Select(_ => SandboxId.New(DateTimeOffset.UtcNow))];
        try
        {
            await Task.WhenAll(ids.Select(id => Task.Run(() => _disks.MakeAsync(id, 1, default))));
            Assert.Equal(ids.Length, LoopsInUse().Length);
        }
        finally
        {
            await Task.WhenAll(ids.Select(_disks.RemoveAsync));
        }
    }

    [Fact]
    public async Task A_child_sees_the_disk_and_a_namespace_that_was_copied_does_not_keep_it()
    {
        string mount = await _disks.MakeAsync(_id, 1, default);
        Assert.Contains("lost+found", await Commands.RunAsync("ls", mount));
        using var copied = new ManualResetEventSlim();
        using var removed = new ManualResetEventSlim();
        Task<bool> seen = Namespaces.RunWithoutProcSysNetAsync(() =>
        {
            bool there = Directory.Exists(Path.Combine(mount, "lost+found"));
            copied.Set();
            removed.Wait(TimeSpan.FromSeconds(10));
            return there;
        });
        Assert.True(copied.Wait(TimeSpan.FromSeconds(10)));
        await _disks.RemoveAsync(_id);
        Assert.Empty(LoopsInUse());
        removed.Set();
        Assert.True(await seen);
    }
}
