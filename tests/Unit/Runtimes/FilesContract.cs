using System.Text;
using Atoll.Domain;
using Atoll.Domain.Files;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>
/// What the files of every sandbox must do, whichever agent serves them. Derive, and say how to get at a running sandbox;
/// one may serve all tests, each works in a directory of its own. The sandbox has the users root and user (1000, /home/user).
/// </summary>
public abstract class FilesContract
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly string _root = $"/tmp/contract-{Guid.NewGuid():N}";

    /// <summary>The files of a running sandbox.</summary>
    private protected abstract Task<ISandboxFiles> OpenAsync();

    /// <summary>Makes a symbolic link in that sandbox, as a program in it does.</summary>
    private protected abstract Task LinkAsync(string path, string target);

    /// <summary>Makes a FIFO in that sandbox.</summary>
    private protected abstract Task FifoAsync(string path);

    [Fact]
    public async Task A_written_file_is_read_back_and_stat_tells_it()
    {
        ISandboxFiles files = await OpenAsync();
        FileEntry written = await WriteAsync(files, At("a/b.txt", "user"), "hello");
        FileEntry told = await files.StatAsync(At("a/b.txt"), Soon());

        Assert.Equal("hello", await ReadAsync(files, At("a/b.txt")));
        foreach (FileEntry entry in new[] { written, told })
        {
            Assert.Equal(("b.txt", $"{_root}/a/b.txt", FileKind.File, 5L, 0x1A4), (entry.Name, entry.Path, entry.Kind, entry.Size, entry.Mode));
            Assert.Equal(("user", "user", null), (entry.Owner, entry.Group, entry.LinkTarget));
            Assert.InRange(entry.ModifiedAt, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10));
        }
    }

    [Fact]
    public async Task Directories_above_a_written_file_are_made_and_belong_to_its_user()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("new/deep/f", "user"), "x");

        FileEntry directory = await files.StatAsync(At("new/deep"), Soon());
        Assert.Equal((FileKind.Directory, "user"), (directory.Kind, directory.Owner));
        Assert.True(directory.Size > 0);
    }

    [Fact]
    public async Task Writing_over_a_file_keeps_its_owner_and_mode()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("f", "user"), "a long first content");
        await files.SetModeAsync(At("f"), 0x1ED, Soon());

        FileEntry entry = await WriteAsync(files, At("f"), "second");

        Assert.Equal(("user", 0x1ED, 6L), (entry.Owner, entry.Mode, entry.Size));
        Assert.Equal("second", await ReadAsync(files, At("f")));
    }

    [Fact]
    public async Task A_write_that_breaks_off_leaves_the_old_file_and_nothing_beside_it()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("f"), "old");

        await Assert.ThrowsAsync<IOException>(() => files.WriteAsync(At("f"), new FileWriting(), new BreakingStream(200_000), Soon()));

        Assert.Equal("old", await ReadAsync(files, At("f")));
        Assert.Equal(["f"], (await ListAsync(files, At(""), 1)).Select(entry => entry.Name));
    }

    [Theory]
    [InlineData(0L, null, "0123456789")]
    [InlineData(3L, null, "3456789")]
    [InlineData(3L, 4L, "3456")]
    [InlineData(8L, 100L, "89")]
    [InlineData(10L, null, "")]
    [InlineData(5_000_000_000L, null, "")]
    [InlineData(2L, 0L, "")]
    public async Task A_part_of_a_file_is_read(long offset, long? length, string expected)
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("digits"), "0123456789");

        Assert.Equal(expected, await ReadAsync(files, At("digits"), offset, length));
    }

    [Fact]
    public async Task A_large_file_passes_unchanged()
    {
        ISandboxFiles files = await OpenAsync();
        byte[] content = new byte[(3 * 1024 * 1024) + 17];
        new Random(7).NextBytes(content);

        await files.WriteAsync(At("large"), new FileWriting(), new MemoryStream(content), Soon());

        await using FileReading reading = await files.ReadAsync(At("large"), 0, null, Soon());
        var back = new MemoryStream();
        await reading.Content.CopyToAsync(back, Soon());
        Assert.Equal(content.Length, reading.Entry.Size);
        Assert.True(content.AsSpan().SequenceEqual(back.ToArray()));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        ISandboxFiles files = await OpenAsync();
        Assert.Equal(0, (await WriteAsync(files, At("empty"), "")).Size);
        Assert.Equal("", await ReadAsync(files, At("empty")));
    }

    [Fact]
    public async Task A_list_has_parents_before_children_down_to_its_depth()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("top"), "1");
        await WriteAsync(files, At("one/two/three/f"), "1");

        Assert.Equal(["one", "top"], (await ListAsync(files, At(""), 1)).Select(entry => entry.Name).Order());
        List<string> deep = [.. (await ListAsync(files, At(""), 999)).Select(entry => entry.Path[_root.Length..])];
        Assert.Equal(["/one", "/one/two", "/one/two/three", "/one/two/three/f", "/top"], deep.Order(StringComparer.Ordinal));
        Assert.All(deep, path => Assert.True(path.LastIndexOf('/') == 0 || deep.IndexOf(path[..path.LastIndexOf('/')]) < deep.IndexOf(path)));
        Assert.Equal(3, (await ListAsync(files, At(""), 2)).Count);
    }

    [Fact]
    public async Task A_relative_path_and_a_tilde_are_below_the_users_home()
    {
        ISandboxFiles files = await OpenAsync();
        string name = _root[5..];
        await WriteAsync(files, new FilePath(name, "user"), "mine");

        Assert.Equal("mine", await ReadAsync(files, new FilePath("~/" + name, "user")));
        Assert.Equal($"/home/user/{name}", (await files.StatAsync(new FilePath($"/home/user/./x/../{name}"), Soon())).Path);
        await FaultsAsync(FaultCode.NotFound, () => files.StatAsync(new FilePath("~/" + name), Soon()));
        await files.RemoveAsync(new FilePath(name, "user"), Soon());
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_in_the_words_that_clients_look_for()
    {
        ISandboxFiles files = await OpenAsync();
        foreach (Func<Task> ask in new Func<Task>[]
        {
            () => files.StatAsync(At("no"), Soon()),
            () => ReadAsync(files, At("no")),
            () => ListAsync(files, At("no"), 1),
            () => files.MoveAsync(At("no"), At("to"), Soon()),
            () => files.SetModeAsync(At("no"), 0x1ED, Soon()),
            () => files.SetOwnerAsync(At("no"), "user", Soon()),
            () => files.ComposeAsync([At("no")], At("to"), Soon()),
            () => FirstAsync(files.WatchAsync(At("no"), false, Soon())),
        })
        {
            Fault fault = await FaultsAsync(FaultCode.NotFound, ask);
            Assert.Equal($"path not found: stat {_root}/no: no such file or directory", fault.Message);
        }
    }

    [Fact]
    public async Task A_directory_that_is_there_already_is_not_made_again()
    {
        ISandboxFiles files = await OpenAsync();
        FileEntry made = await files.MakeDirectoryAsync(At("x/y", "user"), Soon());
        await WriteAsync(files, At("file"), "1");

        Assert.Equal((FileKind.Directory, "user", "y"), (made.Kind, made.Owner, made.Name));
        Assert.Contains("directory already exists", (await FaultsAsync(FaultCode.AlreadyExists, () => files.MakeDirectoryAsync(At("x/y"), Soon()))).Message);
        await FaultsAsync(FaultCode.AlreadyExists, () => files.MakeDirectoryAsync(At("file"), Soon()));
        await FaultsAsync(FaultCode.AlreadyExists, () => files.MakeDirectoryAsync(new FilePath("/"), Soon()));
    }

    [Fact]
    public async Task Files_and_directories_are_told_apart()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("d/f"), "1");

        await FaultsAsync(FaultCode.IsADirectory, () => ReadAsync(files, At("d")));
        await FaultsAsync(FaultCode.IsADirectory, () => WriteAsync(files, At("d"), "1"));
        await FaultsAsync(FaultCode.NotADirectory, () => ListAsync(files, At("d/f"), 1));
        await FaultsAsync(FaultCode.NotADirectory, () => WriteAsync(files, At("d/f/below"), "1"));
        await FaultsAsync(FaultCode.NotADirectory, () => FirstAsync(files.WatchAsync(At("d/f"), false, Soon())));
    }

    [Fact]
    public async Task Moving_renames_makes_directories_and_replaces_files()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("a/f"), "moved");
        await WriteAsync(files, At("g"), "replaced");

        Assert.Equal($"{_root}/n/m/f", (await files.MoveAsync(At("a/f"), At("n/m/f"), Soon())).Path);
        await files.MoveAsync(At("n/m/f"), At("g"), Soon());
        await files.MoveAsync(At("a"), At("b"), Soon());

        Assert.Equal("moved", await ReadAsync(files, At("g")));
        Assert.Equal(["b", "g", "n", "n/m"], (await ListAsync(files, At(""), 9)).Select(entry => entry.Path[(_root.Length + 1)..]).Order(StringComparer.Ordinal));
        await FaultsAsync(FaultCode.IsADirectory, () => files.MoveAsync(At("g"), At("b"), Soon()));
    }

    [Fact]
    public async Task Removing_takes_a_whole_tree_and_what_is_gone_is_removed_already()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("d/e/f"), "1");
        await WriteAsync(files, At("outside/kept"), "1");
        await LinkAsync($"{_root}/d/out", $"{_root}/outside");

        await files.RemoveAsync(At("d"), Soon());
        await files.RemoveAsync(At("d"), Soon());
        await files.RemoveAsync(At("never/was"), Soon());

        await FaultsAsync(FaultCode.NotFound, () => files.StatAsync(At("d"), Soon()));
        Assert.Equal("1", await ReadAsync(files, At("outside/kept")));
    }

    [Fact]
    public async Task A_link_is_told_as_itself_and_read_through()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("target"), "through");
        await LinkAsync($"{_root}/link", "target");
        await LinkAsync($"{_root}/loop", "loop");

        FileEntry link = await files.StatAsync(At("link"), Soon());
        Assert.Equal((FileKind.SymbolicLink, "target"), (link.Kind, link.LinkTarget));
        Assert.Equal("through", await ReadAsync(files, At("link")));
        Assert.Equal("target", (await ListAsync(files, At(""), 1)).Single(entry => entry.Name == "link").LinkTarget);
        Assert.Equal(FileKind.SymbolicLink, (await files.StatAsync(At("loop"), Soon())).Kind);
        await FaultsAsync(FaultCode.InvalidArgument, () => ReadAsync(files, At("loop")));
        await files.RemoveAsync(At("link"), Soon());
        Assert.Equal("through", await ReadAsync(files, At("target")));
    }

    [Fact]
    public async Task A_fifo_is_neither_read_nor_written_and_nobody_waits_for_it()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("f"), "1");
        await FifoAsync($"{_root}/pipe");

        Assert.Equal(FileKind.Other, (await files.StatAsync(At("pipe"), Soon())).Kind);
        await FaultsAsync(FaultCode.InvalidArgument, () => ReadAsync(files, At("pipe")));
        await FaultsAsync(FaultCode.InvalidArgument, () => WriteAsync(files, At("pipe"), "1"));
    }

    [Fact]
    public async Task Mode_and_owner_are_set_through_links()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("f"), "1");
        await LinkAsync($"{_root}/link", "f");

        Assert.Equal(0x180, (await files.SetModeAsync(At("link"), 0x180, Soon())).Mode);
        Assert.Equal("user", (await files.SetOwnerAsync(At("link"), "user", Soon())).Owner);

        FileEntry entry = await files.StatAsync(At("f"), Soon());
        Assert.Equal((0x180, "user", "user"), (entry.Mode, entry.Owner, entry.Group));
        Assert.Equal("4321", (await files.SetOwnerAsync(At("f"), "4321", Soon())).Owner);
    }

    [Fact]
    public async Task Metadata_is_kept_and_replaced_as_a_whole()
    {
        ISandboxFiles files = await OpenAsync();
        FileEntry first = await files.WriteAsync(
            At("f"), new FileWriting { Metadata = new Dictionary<string, string> { ["a"] = "1", ["b"] = "zwei" } }, Text("1"), Soon());
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["b"] = "zwei" }, first.Metadata);

        await WriteAsync(files, At("f"), "2");
        Assert.Equal(2, (await files.StatAsync(At("f"), Soon())).Metadata.Count);

        await files.WriteAsync(At("f"), new FileWriting { Metadata = new Dictionary<string, string> { ["c"] = "3" } }, Text("3"), Soon());
        Assert.Equal(new Dictionary<string, string> { ["c"] = "3" }, (await files.StatAsync(At("f"), Soon())).Metadata);
    }

    [Fact]
    public async Task Composing_joins_files_in_order_and_removes_them()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("p1"), "one ");
        await WriteAsync(files, At("p2"), "two");

        FileEntry made = await files.ComposeAsync([At("p1"), At("p2")], At("out/all", "user"), Soon());

        Assert.Equal((7L, "user"), (made.Size, made.Owner));
        Assert.Equal("one two", await ReadAsync(files, At("out/all")));
        Assert.Equal(["out"], (await ListAsync(files, At(""), 1)).Select(entry => entry.Name));
        await FaultsAsync(FaultCode.InvalidArgument, () => files.ComposeAsync([], At("x"), Soon()));
    }

    [Theory]
    [InlineData("/tmp/a\0b", "root")]
    [InlineData("/tmp/fine", "nobody-of-this-name")]
    [InlineData("/tmp/fine", "-1")]
    public async Task A_path_that_cannot_be_one_and_an_unknown_user_are_invalid(string path, string user)
    {
        ISandboxFiles files = await OpenAsync();
        await FaultsAsync(FaultCode.InvalidArgument, () => files.StatAsync(new FilePath(path, user), Soon()));
        await FaultsAsync(FaultCode.InvalidArgument, () => WriteAsync(files, new FilePath(path, user), "1"));
    }

    [Fact]
    public async Task A_path_that_is_too_long_is_invalid()
    {
        ISandboxFiles files = await OpenAsync();
        await FaultsAsync(FaultCode.InvalidArgument, () => files.StatAsync(new FilePath("/" + new string('x', 5000)), Soon()));
    }

    [Fact]
    public async Task A_watch_sees_what_happens_in_its_directory_and_nothing_else()
    {
        ISandboxFiles files = await OpenAsync();
        await WriteAsync(files, At("w/deep/old"), "1");
        using var end = new CancellationTokenSource(Bound);
        await using IAsyncEnumerator<FileEvent> watch = files.WatchAsync(At("w"), recursive: false, end.Token).GetAsyncEnumerator(end.Token);
        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<FileEvent.Watching>(watch.Current);

        await WriteAsync(files, At("w/deep/unseen"), "1");
        await files.MakeDirectoryAsync(At("w/made"), Soon());
        Assert.Equal(FileKind.Directory, (await UntilAsync(watch, "made", FileChange.Created)).Entry?.Kind);
        await WriteAsync(files, At("w/file"), "1");
        await UntilAsync(watch, "file", FileChange.Created);
        await files.SetModeAsync(At("w/file"), 0x180, Soon());
        await UntilAsync(watch, "file", FileChange.ModeChanged);
        await files.MoveAsync(At("w/file"), At("w/named"), Soon());
        await UntilAsync(watch, "file", FileChange.Renamed);
        await files.RemoveAsync(At("w/named"), Soon());
        await UntilAsync(watch, "named", FileChange.Removed);
    }

    [Fact]
    public async Task A_recursive_watch_sees_into_directories_made_later()
    {
        ISandboxFiles files = await OpenAsync();
        await files.MakeDirectoryAsync(At("w"), Soon());
        using var end = new CancellationTokenSource(Bound);
        await using IAsyncEnumerator<FileEvent> watch = files.WatchAsync(At("w"), recursive: true, end.Token).GetAsyncEnumerator(end.Token);
        Assert.True(await watch.MoveNextAsync());

        await files.MakeDirectoryAsync(At("w/later"), Soon());
        await UntilAsync(watch, "later", FileChange.Created);
        await WriteAsync(files, At("w/later/f"), "1");
        await UntilAsync(watch, "later/f", FileChange.Created);
    }

    private FilePath At(string name, string user = "root") => new(name.Length == 0 ? _root : $"{_root}/{name}", user);

    private static CancellationToken Soon() => new CancellationTokenSource(Bound).Token;

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    private static Task<FileEntry> WriteAsync(ISandboxFiles files, FilePath path, string content) =>
        files.WriteAsync(path, new FileWriting(), Text(content), Soon());

    private static async Task<string> ReadAsync(ISandboxFiles files, FilePath path, long offset = 0, long? length = null)
    {
        await using FileReading reading = await files.ReadAsync(path, offset, length, Soon());
        return await new StreamReader(reading.Content).ReadToEndAsync(Soon());
    }

    private static async Task<List<FileEntry>> ListAsync(ISandboxFiles files, FilePath path, int depth)
    {
        List<FileEntry> entries = [];
        await foreach (FileEntry entry in files.ListAsync(path, depth, Soon()))
        {
            entries.Add(entry);
        }

        return entries;
    }

    private static async Task FirstAsync(IAsyncEnumerable<FileEvent> events)
    {
        await foreach (FileEvent _ in events)
        {
            return;
        }
    }

    /// <summary>Reads on until this happened; every event on the way is of the directory itself.</summary>
    private static async Task<FileEvent.Changed> UntilAsync(IAsyncEnumerator<FileEvent> watch, string name, FileChange change)
    {
        while (await watch.MoveNextAsync())
        {
            var seen = Assert.IsType<FileEvent.Changed>(watch.Current);
            Assert.DoesNotContain("unseen", seen.Name);
            if (seen.Name == name && seen.Change == change)
            {
                return seen;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    private static async Task<Fault> FaultsAsync(FaultCode code, Func<Task> action)
    {
        FaultException thrown = await Assert.ThrowsAsync<FaultException>(action);
        Assert.True(code == thrown.Fault.Code, $"{thrown.Fault.Code} instead of {code}: {thrown.Message}");
        return thrown.Fault;
    }

    /// <summary>Gives some bytes and then fails, as a client does that goes away in the middle.</summary>
    private sealed class BreakingStream(int length) : MemoryStream(new byte[length], writable: false)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw new IOException("the client went away");

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
