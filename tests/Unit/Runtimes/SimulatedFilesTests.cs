using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Node.Runtimes.Simulated;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>The contract over simulated files, and what only they do.</summary>
public sealed class SimulatedFilesTests : FilesContract
{
    private readonly SimulatedFiles _files = new(TimeProvider.System);

    private protected override Task<ISandboxFiles> OpenAsync() => Task.FromResult<ISandboxFiles>(_files);

    private protected override Task LinkAsync(string path, string target)
    {
        _files.Link(path, target);
        return Task.CompletedTask;
    }

    private protected override Task FifoAsync(string path)
    {
        _files.Fifo(path);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_disk_is_bounded_and_a_removed_file_gives_its_room_back()
    {
        var files = new SimulatedFiles(TimeProvider.System, capacity: 100_000);
        long empty = files.Used;
        await files.WriteAsync(new FilePath("/tmp/a"), new FileWriting(), new MemoryStream(new byte[60_000]), default);

        FaultException full = await Assert.ThrowsAsync<FaultException>(
            () => files.WriteAsync(new FilePath("/tmp/b"), new FileWriting(), new MemoryStream(new byte[60_000]), default));

        Assert.Equal(FaultCode.NoSpace, full.Fault.Code);
        await Assert.ThrowsAsync<FaultException>(() => files.StatAsync(new FilePath("/tmp/b"), default));
        await files.RemoveAsync(new FilePath("/tmp/a"), default);
        Assert.Equal(empty, files.Used);
        await files.WriteAsync(new FilePath("/tmp/b"), new FileWriting(), new MemoryStream(new byte[60_000]), default);
    }

    [Fact]
    public async Task Entries_without_content_are_bounded_too()
    {
        var files = new SimulatedFiles(TimeProvider.System, capacity: 10_000);
        FaultException full = await Assert.ThrowsAsync<FaultException>(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await files.MakeDirectoryAsync(new FilePath($"/tmp/{i}"), default);
            }
        });
        Assert.Equal(FaultCode.NoSpace, full.Fault.Code);
    }

    [Fact]
    public async Task When_the_sandbox_ends_calls_fail_and_watches_end()
    {
        await using IAsyncEnumerator<FileEvent> watch = _files.WatchAsync(new FilePath("/tmp"), false, default).GetAsyncEnumerator();
        await watch.MoveNextAsync();

        _files.Close(new Fault(FaultCode.AgentUnavailable, "it has ended").AsException());

        await Assert.ThrowsAsync<FaultException>(async () => await watch.MoveNextAsync());
        await Assert.ThrowsAsync<FaultException>(() => _files.StatAsync(new FilePath("/"), default));
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_is_told_that_it_missed_something()
    {
        await using IAsyncEnumerator<FileEvent> watch = _files.WatchAsync(new FilePath("/tmp"), false, default).GetAsyncEnumerator();
        await watch.MoveNextAsync();
        for (int i = 0; i < 5000; i++)
        {
            await _files.SetModeAsync(new FilePath("/tmp"), 0x1ED, default);
            await _files.MakeDirectoryAsync(new FilePath($"/tmp/{i}"), default);
        }

        while (watch.Current is not FileEvent.Overflowed)
        {
            Assert.True(await watch.MoveNextAsync());
        }
    }
}
