using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Host.Agents;
using Xunit;

namespace Atoll.Host.Files;

/// <summary>What hostile programs in a sandbox and careless clients do to files, and what it costs the agent.</summary>
[Collection(AgentTests.Name)]
public sealed class FilesAttackTests(AgentFile file) : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private FilesAgent _agent = null!;

    private ISandboxFiles Files => _agent.Files;

    private CancellationToken Soon => _limit.Token;

    public async Task InitializeAsync() => _agent = await FilesAgent.StartAsync(file);

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        _limit.Dispose();
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    [InlineData("/tmp/pipe")]
    [InlineData("/tmp/socket")]
    [InlineData("/tmp/link")]
    public async Task What_is_no_regular_file_is_neither_read_nor_written(string path)
    {
        await _agent.RunAsync("mkfifo /tmp/pipe; ln -s /dev/zero /tmp/link; perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un(\"/tmp/socket\"))'");

        await FaultsAsync(FaultCode.InvalidArgument, () => ReadAsync(path));
        await FaultsAsync(FaultCode.InvalidArgument, () => WriteAsync(path, "x"));
        await FaultsAsync(FaultCode.InvalidArgument, () => Files.ComposeAsync([new FilePath(path)], new FilePath("/tmp/out"), Soon));
        Assert.Equal("", await _agent.RunAsync("ls /tmp/out 2>/dev/null || true"));
    }

    [Fact]
    public async Task Files_without_a_size_are_read_to_their_end_and_memory_is_not_readable()
    {
        await using FileReading status = await Files.ReadAsync(new FilePath("/proc/self/status"), 0, null, Soon);
        string text = await new StreamReader(status.Content).ReadToEndAsync(Soon);
        Assert.Contains("atoll-agent", text);
        Assert.Equal(text.Length, status.Entry.Size);

        await Assert.ThrowsAsync<FaultException>(() => ReadAsync("/proc/self/mem"));
        await Assert.ThrowsAsync<FaultException>(() => WriteAsync("/proc/sys/kernel/hostname", "x"));
    }

    [Fact]
    public async Task A_write_goes_through_a_chain_of_links_and_not_around_a_loop()
    {
        await _agent.RunAsync("mkdir -p /tmp/a/b /tmp/c; ln -s ../b/two /tmp/a/b/one; ln -s ../../c/target /tmp/a/b/two; ln -s /tmp/a/b /tmp/in; ln -s x /tmp/y; ln -s y /tmp/x");

        await WriteAsync("/tmp/in/one", "first");
        await WriteAsync("/tmp/in/one", "second");

        Assert.Equal("second", await _agent.RunAsync("cat /tmp/c/target"));
        Assert.Equal("../b/two", (await Files.StatAsync(new FilePath("/tmp/a/b/one"), Soon)).LinkTarget);
        await FaultsAsync(FaultCode.InvalidArgument, () => WriteAsync("/tmp/x", "1"));
        await FaultsAsync(FaultCode.InvalidArgument, () => ReadAsync("/tmp/x/y/z"));
    }

    [Fact]
    public async Task Another_name_of_a_replaced_file_keeps_the_old_content()
    {
        await _agent.RunAsync("echo -n old > /tmp/f; ln /tmp/f /tmp/g");
        await WriteAsync("/tmp/f", "new");
        Assert.Equal("newold", await _agent.RunAsync("cat /tmp/f /tmp/g"));
    }

    [Fact]
    public async Task A_directory_of_a_hundred_thousand_entries_is_listed_in_little_memory()
    {
        await _agent.RunAsync("mkdir /tmp/many; cd /tmp/many; seq 1 100000 | xargs touch");
        long before = _agent.Agent.ResidentKilobytes();
        int count = 0;
        await foreach (FileEntry entry in Files.ListAsync(new FilePath("/tmp/many"), 1, Soon))
        {
            if (++count == 1000)
            {
                Assert.Equal(FileKind.File, (await Files.StatAsync(new FilePath(entry.Path), Soon)).Kind);
            }
        }

        Assert.Equal(100_000, count);
        Assert.InRange(_agent.Agent.ResidentKilobytes() - before, -100_000, 8 * 1024);

        // Who stops in the middle leaves nothing open.
        await foreach (FileEntry _ in Files.ListAsync(new FilePath("/tmp/many"), 1, Soon))
        {
            break;
        }

        await UntilClosedAsync();
        await Files.RemoveAsync(new FilePath("/tmp/many"), Soon);
        Assert.Equal("", await _agent.RunAsync("ls /tmp"));
    }

    [Fact]
    public async Task Names_that_are_not_text_are_told_with_replacements_and_removed_with_their_directory()
    {
        await _agent.RunAsync("mkdir /tmp/odd; cd /tmp/odd; touch \"$(printf 'a\\377b')\" \"$(printf 'new\\nline')\"; ln -s \"$(printf '\\300')\" link");
        List<FileEntry> entries = await ListAsync("/tmp/odd", 1);

        Assert.Equal(["a\uFFFDb", "link", "new\nline"], entries.Select(entry => entry.Name).Order(StringComparer.Ordinal).OrderBy(name => name.StartsWith('n')));
        Assert.Equal("\uFFFD", entries.Single(entry => entry.Name == "link").LinkTarget);
        await Files.RemoveAsync(new FilePath("/tmp/odd"), Soon);
        await FaultsAsync(FaultCode.NotFound, () => Files.StatAsync(new FilePath("/tmp/odd"), Soon));
    }

    [Fact]
    public async Task Large_files_pass_in_constant_memory_and_readers_that_stop_hold_only_themselves()
    {
        await _agent.RunAsync("truncate -s 1G /tmp/sparse");
        List<FileReading> idle = [];
        for (int i = 0; i < 50; i++)
        {
            idle.Add(await Files.ReadAsync(new FilePath("/tmp/sparse"), 0, null, Soon));
        }

        await using (FileReading reading = await Files.ReadAsync(new FilePath("/tmp/sparse"), 0, null, Soon))
        {
            byte[] buffer = new byte[256 * 1024];
            long total = 0;
            for (int count; (count = await reading.Content.ReadAsync(buffer, Soon)) > 0; total += count)
            {
            }

            Assert.Equal(1L << 30, total);
        }

        Assert.InRange(_agent.Agent.ResidentKilobytes(), 0, 40 * 1024);
        foreach (FileReading reading in idle)
        {
            await reading.DisposeAsync();
        }

        await UntilClosedAsync();
    }

    [Fact]
    public async Task A_full_disk_is_no_space_and_the_old_content_stays()
    {
        await WriteAsync("/tmp/f", "old");
        await FaultsAsync(FaultCode.NoSpace, () => Files.WriteAsync(new FilePath("/tmp/f"), new FileWriting(), new EndlessStream(1L << 30), Soon));
        Assert.Equal("f\nold", await _agent.RunAsync("ls -A /tmp; cat /tmp/f"));
        Assert.InRange(_agent.Agent.ResidentKilobytes(), 0, 24 * 1024);
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_mid_write_leaves_the_old_content_only()
    {
        await WriteAsync("/tmp/f", "old");
        var stalled = new StallingStream(1024 * 1024);
        Task<FileEntry> writing = Files.WriteAsync(new FilePath("/tmp/f"), new FileWriting(), stalled, Soon);
        await stalled.Stalled.WaitAsync(Soon);
        Assert.Equal("2\n", await _agent.RunAsync("ls -A /tmp | wc -l"));
        Assert.Equal("f", Assert.Single(await ListAsync("/tmp", 1)).Name);

        _agent.Agent.CutConnections();
        stalled.GoOn();

        await FaultsAsync(FaultCode.AgentUnavailable, () => writing);
        while (await _agent.RunAsync("ls -A /tmp; cat /tmp/f") is not "f\nold" and var seen)
        {
            Assert.NotEqual("f\n", seen[..2]);
            await Task.Delay(20, Soon);
        }

        await UntilClosedAsync();
    }

    [Fact]
    public async Task Deep_trees_are_removed_with_few_descriptors_and_never_through_links()
    {
        await _agent.RunAsync("mkdir -p /tmp/kept /tmp/deep/$(printf 'd/%.0s' $(seq 500)); touch /tmp/kept/f; cd /tmp/deep; for i in 1 2 3; do mkdir $i; ln -s /tmp/kept $i/l; cd d; done");
        Assert.InRange((await ListAsync("/tmp/deep", 1000)).Count, 128, 600);

        await Files.RemoveAsync(new FilePath("/tmp/deep"), Soon);

        Assert.Equal("kept\nf\n", await _agent.RunAsync("ls -A /tmp /tmp/kept | grep -v '^/' | grep ."));
        await FaultsAsync(FaultCode.InvalidArgument, () => Files.RemoveAsync(new FilePath("/"), Soon));
        await FaultsAsync(FaultCode.InvalidArgument, () => Files.RemoveAsync(new FilePath("/tmp/kept/../.."), Soon));
        await FaultsAsync(FaultCode.InvalidArgument, () => Files.RemoveAsync(new FilePath(""), Soon));
        await FaultsAsync(FaultCode.InvalidArgument, () => Files.RemoveAsync(new FilePath("/tmp"), Soon));
        Assert.Equal("kept\n", await _agent.RunAsync("ls -A /tmp"));
    }

    [Fact]
    public async Task A_move_to_another_file_system_takes_everything_along()
    {
        await _agent.RunAsync("mkdir -p /tmp/tree/sub; cd /tmp/tree; echo -n 1 > sub/f; chmod 751 sub; chown 1000:1000 sub/f; ln -s nowhere link; touch -d @1000000000 sub/f");
        await Files.WriteAsync(
            new FilePath("/tmp/tree/m"), new FileWriting { Metadata = new Dictionary<string, string> { ["k"] = "v" } }, new MemoryStream([1]), Soon);

        await Files.MoveAsync(new FilePath("/tmp/tree"), new FilePath("/home/user/new/tree", "user"), Soon);

        Assert.Equal("751 1\nuser 1000000000\nnowhere\n", await _agent.RunAsync(
            "cd /home/user/new/tree; stat -c %a sub | tr '\\n' ' '; cat sub/f; echo; stat -c '%U %Y' sub/f; readlink link"));
        Assert.Equal("v", (await Files.StatAsync(new FilePath("/home/user/new/tree/m"), Soon)).Metadata["k"]);
        Assert.Equal("", await _agent.RunAsync("ls -A /tmp"));
    }

    [Fact]
    public async Task A_file_that_grows_while_it_is_read_ends_where_it_did_at_first()
    {
        await _agent.RunAsync("head -c 3000000 /dev/zero > /tmp/log");
        await using FileReading reading = await Files.ReadAsync(new FilePath("/tmp/log"), 0, null, Soon);
        await _agent.RunAsync("head -c 1000000 /dev/zero >> /tmp/log");

        var content = new MemoryStream();
        await reading.Content.CopyToAsync(content, Soon);
        Assert.Equal((3_000_000, 3_000_000), (reading.Entry.Size, content.Length));
    }

    [Fact]
    public async Task Streams_that_came_to_their_end_make_room_for_others()
    {
        await _agent.RunAsync("mkdir /tmp/d; cd /tmp/d; touch a b; echo -n 1 > f");
        for (int i = 0; i < 600; i++)
        {
            Assert.Equal("1", await ReadAsync("/tmp/d/f"));
            Assert.Equal(3, (await ListAsync("/tmp/d", 1)).Count);
        }

        await UntilClosedAsync();
    }

    private Task WriteAsync(string path, string content) =>
        Files.WriteAsync(new FilePath(path), new FileWriting(), new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), Soon);

    private async Task<string> ReadAsync(string path)
    {
        await using FileReading reading = await Files.ReadAsync(new FilePath(path), 0, null, Soon);
        return await new StreamReader(reading.Content).ReadToEndAsync(Soon);
    }

    private async Task<List<FileEntry>> ListAsync(string path, int depth)
    {
        List<FileEntry> entries = [];
        await foreach (FileEntry entry in Files.ListAsync(new FilePath(path), depth, Soon))
        {
            entries.Add(entry);
        }

        return entries;
    }

    // No descriptor of the agent's is on a file or directory of the tests: what it gave up is closed soon.
    private async Task UntilClosedAsync()
    {
        while (Directory.EnumerateFileSystemEntries($"/proc/{_agent.Agent.Pid}/fd").Any(
            descriptor => new FileInfo(descriptor).LinkTarget?.StartsWith("/tmp/", StringComparison.Ordinal) == true))
        {
            await Task.Delay(20, Soon);
        }
    }

    private static async Task FaultsAsync(FaultCode code, Func<Task> action)
    {
        FaultException thrown = await Assert.ThrowsAsync<FaultException>(action);
        Assert.True(code == thrown.Fault.Code, $"{thrown.Fault.Code} instead of {code}: {thrown.Message}");
    }

    /// <summary>Gives so many bytes, and more only when it is told to.</summary>
    private sealed class StallingStream(int length) : MemoryStream(new byte[length], writable: false)
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stalled => _stalled.Task;

        public void GoOn() => _goOn.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length)
            {
                _stalled.TrySetResult();
                await _goOn.Task.WaitAsync(cancellationToken);
                return buffer.Length;
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
