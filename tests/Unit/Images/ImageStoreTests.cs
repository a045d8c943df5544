using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Images;
using Atoll.Node.Launch;
using Xunit;

namespace Atoll.Unit.Images;

public sealed class ImageStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-images-").FullName;
    private readonly ImageId _id = ImageId.New(DateTimeOffset.UtcNow);
    private readonly ImageStore _store;

    public ImageStoreTests()
    {
        _store = Open(LaunchFaults.None);
        _store.Prepare();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_image_is_found_with_all_that_its_manifest_says_once_it_is_whole()
    {
        string half = _store.Begin(_id);
        File.WriteAllText(Path.Combine(half, "pages.img"), "pages");
        Assert.Null(_store.Find(_id));
        Assert.Equal([_id], _store.List());

        ImageManifest whole = await _store.CompleteAsync(Manifest(), default);

        ImageManifest found = Open(LaunchFaults.None).Find(_id)!;
        Assert.Equal(5, ImageStore.Describe(found).Bytes);
        Assert.Equal(whole with { Files = [] }, found with { Files = [] });
        Assert.Equal(("pages.img", 5L), (found.Files.Single().Name, found.Files.Single().Length));
        await ImageDigests.VerifyAsync(_store.PathOf(_id), found.Files, default);
        Assert.Equal([_id], _store.List());
    }

    [Theory]
    [InlineData("after:manifest", false)]
    [InlineData("after:rename", true)]
    public async Task What_a_process_that_ended_has_left_is_whole_or_is_removed(string point, bool whole)
    {
        ImageStore dying = Open(new LaunchFaults(reached => _ = reached == point ? throw new IOException(point) : 0));
        File.WriteAllText(Path.Combine(dying.Begin(_id), "pages.img"), "pages");
        await Assert.ThrowsAsync<IOException>(() => dying.CompleteAsync(Manifest(), default));
        Assert.Equal([_id], _store.List());

        _store.Prepare();

        Assert.Equal(whole, _store.Find(_id) is not null);
        Assert.Equal(whole ? 1 : 0, Directory.EnumerateFileSystemEntries(Path.Combine(_directory, "images")).Count());
    }

    [Fact]
    public async Task A_removed_image_is_gone_and_may_be_removed_again()
    {
        _store.Begin(_id);
        await _store.CompleteAsync(Manifest(), default);
        _store.Begin(_id);

        _store.Remove(_id);
        _store.Remove(_id);

        Assert.Null(_store.Find(_id));
        Assert.Empty(_store.List());
    }

    [Fact]
    public async Task The_digests_of_a_large_file_are_of_its_ranges()
    {
        byte[] content = new byte[ImageDigests.RangeBytes + 3];
        content[^1] = 1;
        string path = Path.Combine(_store.Begin(_id), "pages.img");
        File.WriteAllBytes(path, content);
        ImageManifest whole = await _store.CompleteAsync(Manifest(), default);
        Assert.Equal(2, whole.Files.Single().Digests.Count);

        content[^1] = 2;
        File.WriteAllBytes(Path.Combine(_store.PathOf(_id), "pages.img"), content);

        IOException changed = await Assert.ThrowsAsync<IOException>(() => ImageDigests.VerifyAsync(_store.PathOf(_id), whole.Files, default));
        Assert.Contains("pages.img has changed", changed.Message, StringComparison.Ordinal);
    }

    private ImageStore Open(LaunchFaults faults) => new(Path.Combine(_directory, "images"), faults);

    private ImageManifest Manifest() => new()
    {
        Format = ImageManifest.CurrentFormat,
        Id = _id,
        Source = SandboxId.New(DateTimeOffset.UtcNow),
        Runtime = "runtime 1",
        Template = "tpl-1",
        Agent = "agent",
        Resources = new SandboxResources(1, 256, 1),
        MemoryBytes = 1,
        DiskBytes = 2,
        TakenAt = DateTimeOffset.UnixEpoch,
    };
}
